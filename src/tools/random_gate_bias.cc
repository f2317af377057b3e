#include "tools/random_gate_bias.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

#include "tools/random_weights.h"

namespace ternlight {
namespace {

// The constant after ffn_norm. Below the largest of the other numbers (dim of them, about normal): it must not make
// their int8 steps coarser.
constexpr float kLevel = 2.5f;
// Of the constant in the embeddings, in deviations of the other columns: below their largest for the same reason.
constexpr float kEmbeddingLevel = 3.0f;
// Neurons differ in how often they fire: deviation of the rows' means, in deviations of a gate.
constexpr float kRowDeviation = 0.5f;
// Layers differ too: 67 to 91 % with a mean of 76 % in the first storyteller, 62 to 98 % with one of 84 % in the second.
constexpr double kLayerSpread = 0.12;

// The normal distribution by its series, good to 1e-12 for |x| < 3: arithmetic alone, so the same everywhere.
double normal_cdf(double x) {
  double sum = x, term = x;
  for (int k = 1; k < 60; ++k) {
    term *= -x * x / (2 * k);
    sum += term / (2 * k + 1);
  }
  return 0.5 + sum * 0.3989422804014327;
}

double normal_quantile(double p) {
  double low = -3, high = 3;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (normal_cdf(middle) < p ? low : high) = middle;
  }
  return low;
}

// The share of one layer: evenly spaced around the mean, in random order.
double layer_share(const GateBiasSpec& spec, uint32_t layer) {
  std::vector<uint32_t> order(spec.layers);
  for (uint32_t i = 0; i < spec.layers; ++i) order[i] = i;
  Rng rng(spec.seed);
  for (uint32_t i = spec.layers; i > 1; --i) std::swap(order[i - 1], order[rng.next_below(i)]);
  const double spread = std::min({kLayerSpread, spec.share / 2, (1 - spec.share) / 2});
  return spec.share + spread * ((2.0 * order[layer] + 1) / spec.layers - 1);
}

// A norm weight of mean square 1: the square of a normal number. Products of Gaussians alone leave 85 % zeros in the int8
// input of `down` where the first storyteller has 88 %; the largest must stand out more, as it does there.
float long_tailed(Rng& rng) {
  constexpr float kDeviation = 0.45f, kVariance = kDeviation * kDeviation;
  const float x = 1 + about_normal(rng, kDeviation);
  return x * x / std::sqrt(1 + 6 * kVariance + 3 * kVariance * kVariance);
}

// So many that `kLevel` moves a row by about three deviations when all its codes have one sign, whatever dim is.
uint32_t constant_columns(uint32_t dim) { return static_cast<uint32_t>(std::sqrt(static_cast<double>(dim))); }

}  // namespace

GateBias::GateBias(const GateBiasSpec& spec, std::string_view tensor_name, size_t k)
    : rng_(rng_of(spec.seed, std::string(tensor_name) + " bias")) {
  if (spec.share == 0) return;
  const uint32_t columns = constant_columns(spec.dim);
  const float embedded = kEmbeddingLevel * spec.embedding_deviation;
  unsigned layer = 0;
  char block[32] = "";
  const bool in_layer = sscanf(std::string(tensor_name).c_str(), "blk.%u.%31[^.]", &layer, block) == 2;
  const std::string_view name = in_layer ? block : tensor_name;

  if (name == "token_embd.weight") {
    row_.assign(columns, embedded);
  } else if (name == "attn_norm" || name == "output_norm.weight") {
    row_.assign(columns, 0.0f);
  } else if (name == "ffn_norm") {
    // By then 2 * layer + 1 blocks have added numbers of deviation 1; beside them the embedding hardly counts.
    row_.assign(columns, kLevel / embedded * std::sqrt(static_cast<float>(2 * layer + 1)));
  } else if (name == "attn_output" || name == "ffn_down") {
    row_.assign(k, 0.0f);
    rows_ = columns;
  } else if (name == "ffn_sub_norm") {
    row_.resize(k);
    for (float& x : row_) x = long_tailed(rng_);
  } else if (name == "ffn_gate") {
    row_.assign(columns, 0.0f);
    gate_ = true;
    step_ = kLevel * ternary_scale(k);
    // Over all rows a gate has the variance of one row, 1, and that of the rows' means.
    mean_ = -std::sqrt(1 + kRowDeviation * kRowDeviation) * static_cast<float>(normal_quantile(layer_share(spec, layer)));
  }
}

std::span<const float> GateBias::next_row() {
  if (rows_ == 0) return {};
  if (rows_ != UINT32_MAX) --rows_;
  if (gate_) fill_gate_row();
  return row_;
}

void GateBias::fill_gate_row() {
  const float codes = (mean_ + about_normal(rng_, kRowDeviation)) / step_;
  const auto count = std::min(row_.size(), static_cast<size_t>(std::fabs(codes) + rng_.next_float()));
  std::fill(row_.begin(), row_.end(), 0.0f);
  const size_t first = rng_.next_below(static_cast<uint32_t>(row_.size()));
  for (size_t i = 0; i < count; ++i) row_[(first + i) % row_.size()] = std::copysign(1.0f, codes);
}

}  // namespace ternlight
