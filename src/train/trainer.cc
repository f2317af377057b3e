#include "train/trainer.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "train/batches.h"
#include "train/head.h"
#include "train/option_fields.h"

namespace ternlight::train {

Status check(const TrainOptions& o) {
  TERNLIGHT_TRY(check(o.net));
  const auto refuse = [](const char* what) { return error(ErrorCode::invalid_argument, what); };
  if (o.net.context_length < 2) return refuse("context_length: expected at least 2");
  if (o.schedule.steps == 0) return refuse("steps: expected at least 1");
  if (o.sequences == 0 || o.sequences > 4096) return refuse("sequences: expected 1 to 4096");
  if (!(o.schedule.peak_rate > 0)) return refuse("peak_rate: expected a positive number");
  if (!(o.adam.clip > 0)) return refuse("clip: expected a positive number");
  return ok_status();
}

Trainer::Trainer(const TrainCompute& compute, const TrainOptions& options)
    : compute_(compute), network_(compute, options.net, options.sequences) {
  const size_t n = network_.layout().size;
  state_.options = options;
  state_.parameters = initial_parameters(network_.layout(), options.seed);
  state_.moments.first.resize(n);
  state_.moments.second.resize(n);
  gradient_.resize(n);
}

WeightKind Trainer::weights_now() const {
  return steps_done() < state_.options.float_steps ? WeightKind::f32 : state_.options.net.weights;
}

Status Trainer::restore(TrainState state) {
  // Fields are numbers of at most 8 bytes.
  std::vector<uint64_t> found;
  for_each_field(state.options, [&](const char*, const auto& field) {
    found.push_back(0);
    std::memcpy(&found.back(), &field, sizeof field);
  });
  size_t at = 0;
  std::string differs;
  for_each_field(state_.options, [&](const char* field_name, const auto& field) {
    if (std::memcmp(&found[at++], &field, sizeof field) != 0 && differs.empty()) differs = field_name;
  });
  if (!differs.empty()) {
    return error(ErrorCode::invalid_argument, "option " + differs + ": expected that of the checkpoint, found another");
  }
  state_ = std::move(state);
  return ok_status();
}

Result<StepRecord> Trainer::step(std::span<const uint16_t> text, int32_t bos) {
  const Batch batch = random_batch(text, bos, state_.options.seed, steps_done() + 1, state_.options.sequences, state_.options.net.context_length);
  return step(batch.tokens, batch.targets);
}

Result<StepRecord> Trainer::step(std::span<const int32_t> tokens, std::span<const int32_t> targets) {
  network_.set_weights(weights_now());
  const uint32_t number = steps_done() + 1;
  const Rates rates = rates_at(state_.options.schedule, number);
  const double loss = network_.mean_loss_and_gradient(state_.parameters.data(), tokens, targets, gradient_.data());
  const double length = gradient_length(compute_, gradient_);
  if (!std::isfinite(loss) || !std::isfinite(length)) {
    return error(ErrorCode::invalid_argument, "step " + std::to_string(number) +
                                                  ": expected a finite loss and gradient, found none; the learning rate may be too high");
  }
  adamw_step(compute_, layout(), state_.options.adam, number, rates, gradient_, length, state_.moments, state_.parameters);
  state_.steps.push_back({static_cast<float>(loss), static_cast<float>(length), rates.learning});
  return state_.steps.back();
}

ValidationRecord Trainer::validate(std::span<const uint16_t> text, int32_t bos, std::span<const uint32_t> bytes, size_t pieces) {
  const size_t sequences = state_.options.sequences, length = state_.options.net.context_length;
  network_.set_weights(weights_now());
  double nats = 0;
  uint64_t tokens = 0, text_bytes = 0;
  for (size_t first = 0; first < pieces; first += sequences) {
    Batch batch = validation_batch(text, bos, first, sequences, length);
    if (batch.tokens.empty()) break;
    const size_t wanted = std::min(sequences, pieces - first) * length;
    std::fill(batch.targets.begin() + static_cast<std::ptrdiff_t>(wanted), batch.targets.end(), kNoTarget);
    nats += network_.loss(state_.parameters.data(), batch.tokens, batch.targets);
    for (const int32_t target : batch.targets) {
      if (target == kNoTarget) continue;
      tokens++;
      text_bytes += bytes[static_cast<size_t>(target)];
    }
  }
  const double log_2 = 0.6931471805599453;
  state_.validations.push_back({steps_done(), nats / static_cast<double>(std::max<uint64_t>(1, tokens)),
                                nats / log_2 / static_cast<double>(std::max<uint64_t>(1, text_bytes))});
  return state_.validations.back();
}

}  // namespace ternlight::train
