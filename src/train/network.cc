#include "train/network.h"

#include <algorithm>

#include "train/embedding.h"
#include "train/head.h"
#include "train/rms_norm.h"

namespace ternlight::train {

Network::Network(const TrainCompute& compute, const NetConfig& config, size_t sequences)
    : compute_(compute),
      config_(config),
      layout_(make_layout(config)),
      shape_{sequences, config.context_length, config.heads, config.kv_heads, config.head_dim()},
      angles_(make_rope_angles(config)),
      kind_(config.weights),
      weights_(config.layers),
      activations_(config.layers) {
  for (BlockActivations& a : activations_) allocate(config_, shape_, a);
  allocate(config_, shape_, scratch_);
  for (std::vector<float>* x : {&x_, &normed_, &dx_, &dnormed_}) x->resize(tokens() * config.dim);
}

BlockContext Network::context(size_t layer, const float* parameters) const {
  return {compute_, config_, kind_, shape_, angles_, layout_.layers[layer], parameters, weights_[layer]};
}

void Network::forward(const float* parameters, std::span<const int32_t> tokens) {
  embedding(compute_, layout_.embedding.of(parameters), tokens, config_.dim, x_.data());
  for (size_t i = 0; i < config_.layers; i++) {
    quantize_block(compute_, config_, kind_, layout_.layers[i], parameters, weights_[i]);
    block_forward(context(i, parameters), x_.data(), activations_[i], scratch_);
  }
  rms_norm(compute_, x_.data(), layout_.output_norm.of(parameters), config_.norm_eps, tokens.size(), config_.dim, normed_.data());
}

double Network::loss(const float* parameters, std::span<const int32_t> tokens, std::span<const int32_t> targets) {
  forward(parameters, tokens);
  return head_loss(compute_, normed_.data(), layout_.head.of(parameters), config_.dim, config_.vocab_size, targets);
}

double Network::mean_loss_and_gradient(const float* parameters, std::span<const int32_t> tokens,
                                       std::span<const int32_t> targets, float* gradient) {
  std::fill_n(gradient, layout_.size, 0.0f);
  forward(parameters, tokens);
  const auto missing = static_cast<size_t>(std::count(targets.begin(), targets.end(), kNoTarget));
  const double counted = static_cast<double>(std::max<size_t>(1, targets.size() - missing));
  const double sum = head_backward(compute_, normed_.data(), layout_.head.of(parameters), config_.dim, config_.vocab_size, targets,
                                   static_cast<float>(1.0 / counted), dnormed_.data(), layout_.head.of(gradient));
  rms_norm_backward(compute_, x_.data(), layout_.output_norm.of(parameters), config_.norm_eps, tokens.size(), config_.dim,
                    dnormed_.data(), Into::replace, dx_.data(), layout_.output_norm.of(gradient));
  for (size_t i = config_.layers; i-- > 0;) {
    block_backward(context(i, parameters), activations_[i], dx_.data(), gradient, scratch_);
  }
  embedding_backward(compute_, tokens, config_.dim, dx_.data(), layout_.embedding.of(gradient));
  return sum / counted;
}

std::vector<float> Network::logits(const float* parameters, std::span<const int32_t> tokens) {
  forward(parameters, tokens);
  std::vector<float> result(tokens.size() * config_.vocab_size);
  gemm(compute_, {tokens.size(), config_.vocab_size, config_.dim}, 1.0f, {normed_.data(), config_.dim},
       {layout_.head.of(parameters), config_.dim, Order::transposed}, Into::replace, result.data(), config_.vocab_size);
  return result;
}

}  // namespace ternlight::train
