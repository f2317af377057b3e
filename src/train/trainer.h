// Trainer: a network being trained. It owns parameters, moments and the record of what happened; a checkpoint
// (checkpoint.h) holds all of it, so that going on from one gives the bits of a training that was never interrupted.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/status.h"
#include "train/adamw.h"
#include "train/network.h"
#include "train/schedule.h"

namespace ternlight::train {

// Everything that decides what a training computes, besides the text.
struct TrainOptions {
  NetConfig net;
  Schedule schedule;
  AdamOptions adam;
  uint32_t sequences = 16;   // of net.context_length tokens, in a step
  uint32_t float_steps = 0;  // steps in full precision before the linear maps become what net.weights says
  uint64_t seed = 1;
};
// invalid_argument names what does not fit.
Status check(const TrainOptions& options);

struct StepRecord {
  float loss;             // mean nats per token, before the step
  float gradient_length;  // before clipping
  float learning_rate;
};

struct ValidationRecord {
  uint32_t step;  // after so many
  double nats_per_token, bits_per_byte;
};

// What changes while training: what a checkpoint holds.
struct TrainState {
  TrainOptions options;
  std::vector<float> parameters;
  Moments moments;
  std::vector<StepRecord> steps;  // as many as have been done
  std::vector<ValidationRecord> validations;
};

class Trainer {
 public:
  // At step 0. `options` have passed check().
  Trainer(const TrainCompute& compute, const TrainOptions& options);

  uint32_t steps_done() const { return static_cast<uint32_t>(state_.steps.size()); }
  const TrainState& state() const { return state_; }
  const ParameterLayout& layout() const { return network_.layout(); }
  // What the linear maps are at this point: f32 while training is still in full precision.
  WeightKind weights_now() const;

  // Goes on from a checkpoint. invalid_argument names the first option in which it differs from this trainer's.
  Status restore(TrainState state);

  // One step on a batch of the text (batches.h), which has more than net.context_length tokens, all below net.vocab_size.
  // invalid_argument when the loss is no finite number any more: the learning rate is too high.
  Result<StepRecord> step(std::span<const uint16_t> text, int32_t bos);
  // The same on a given batch.
  Result<StepRecord> step(std::span<const int32_t> tokens, std::span<const int32_t> targets);

  // The loss on the first `pieces` pieces of a text (batches.h), and the bits it takes by byte of text; bytes[t] is the
  // number of bytes token t stands for. Is recorded.
  ValidationRecord validate(std::span<const uint16_t> text, int32_t bos, std::span<const uint32_t> bytes, size_t pieces);

 private:
  TrainCompute compute_;
  Network network_;
  TrainState state_;
  std::vector<float> gradient_;
};

}  // namespace ternlight::train
