// Network: a decoder-only transformer for a fixed number of sequences at a time, its loss and its gradient. It owns the
// activations; parameters and gradients are the caller's flat buffers (parameters.h).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "train/block.h"
#include "train/net_config.h"
#include "train/parameters.h"

namespace ternlight::train {

class Network {
 public:
  // `config` has passed check(). A batch is `sequences` of config.context_length tokens; shorter ones are filled up by
  // the caller, with no targets, and change nothing for what comes before.
  Network(const TrainCompute& compute, const NetConfig& config, size_t sequences);

  const NetConfig& config() const { return config_; }
  const ParameterLayout& layout() const { return layout_; }
  size_t tokens() const { return shape_.tokens(); }

  // What the linear maps are made of from now on: the configuration's, or f32 while training starts in full precision.
  void set_weights(WeightKind kind) { kind_ = kind; }
  WeightKind weights() const { return kind_; }

  // Cross entropy in nats, summed over the targets that are not kNoTarget; tokens and targets (sequences * length).
  double loss(const float* parameters, std::span<const int32_t> tokens, std::span<const int32_t> targets);
  // Their mean, whose gradient replaces `gradient` (layout().size).
  double mean_loss_and_gradient(const float* parameters, std::span<const int32_t> tokens, std::span<const int32_t> targets,
                                float* gradient);
  // (tokens, vocab)
  std::vector<float> logits(const float* parameters, std::span<const int32_t> tokens);

 private:
  void forward(const float* parameters, std::span<const int32_t> tokens);
  BlockContext context(size_t layer, const float* parameters) const;

  TrainCompute compute_;
  NetConfig config_;
  ParameterLayout layout_;
  AttentionShape shape_;
  RopeAngles angles_;
  WeightKind kind_;
  std::vector<BlockWeights> weights_;
  std::vector<BlockActivations> activations_;
  BlockScratch scratch_;
  std::vector<float> x_;       // (tokens, dim) the last block's output
  std::vector<float> normed_;  // (tokens, dim) its norm: what the head sees
  std::vector<float> dx_, dnormed_;
};

}  // namespace ternlight::train
