#include "sampling/sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/math-inl.h"

namespace ternlight {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();
constexpr float kBan = -100.0f;  // the bias that forbids a token, as in the OpenAI API

}  // namespace

Sampler::Sampler(const SamplerParams& params, size_t vocab_size) : params_(params), rng_(params.seed) {
  const bool penalties = params.repetition_penalty != 1.0f || params.frequency_penalty != 0.0f || params.presence_penalty != 0.0f;
  // A window longer than any context holds everything there is.
  constexpr uint32_t kMaxWindow = 1u << 20;
  if (penalties) recent_.reserve(std::min(params.penalty_last_n, kMaxWindow));
  sorted_.reserve(recent_.capacity());
  candidates_.resize(vocab_size);
}

void Sampler::accept(int32_t token) {
  if (recent_.capacity() == 0) return;
  if (recent_.size() < recent_.capacity()) {
    recent_.push_back(token);
  } else {
    recent_[recent_next_] = token;
    recent_next_ = (recent_next_ + 1) % recent_.size();
  }
}

int32_t Sampler::sample(std::span<float> logits) {
  for (float& x : logits) x = std::isnan(x) ? kNever : x;  // NaN has no order
  for (const auto& [token, bias] : params_.logit_bias) {
    if (token < 0 || static_cast<size_t>(token) >= logits.size()) continue;
    float& x = logits[static_cast<size_t>(token)];
    x = bias <= kBan ? kNever : x + bias;
  }
  apply_penalties(logits);
  if (params_.temperature == 0.0f) {
    return static_cast<int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
  }
  return draw(logits);
}

void Sampler::apply_penalties(std::span<float> logits) {
  // Distinct tokens by one pass over the sorted window: a few dozen entries.
  sorted_.assign(recent_.begin(), recent_.end());
  std::sort(sorted_.begin(), sorted_.end());
  for (size_t i = 0; i < sorted_.size();) {
    size_t end = i + 1;
    while (end < sorted_.size() && sorted_[end] == sorted_[i]) end++;
    const auto token = static_cast<size_t>(sorted_[i]);
    if (sorted_[i] >= 0 && token < logits.size()) {
      float& x = logits[token];
      x = x > 0 ? x / params_.repetition_penalty : x * params_.repetition_penalty;
      x -= static_cast<float>(end - i) * params_.frequency_penalty + params_.presence_penalty;
    }
    i = end;
  }
}

int32_t Sampler::draw(std::span<const float> logits) {
  // top-k: the likeliest first, ties to the lower id, so that the order never depends on the library's sort.
  const auto likelier = [](const Candidate& a, const Candidate& b) {
    return a.logit != b.logit ? a.logit > b.logit : a.token < b.token;
  };
  for (size_t i = 0; i < logits.size(); i++) candidates_[i] = {logits[i], static_cast<int32_t>(i)};
  size_t count = logits.size();
  if (params_.top_k > 0 && params_.top_k < count) {
    std::nth_element(candidates_.begin(), candidates_.begin() + params_.top_k, candidates_.begin() + static_cast<std::ptrdiff_t>(count), likelier);
    count = params_.top_k;
  }
  std::sort(candidates_.begin(), candidates_.begin() + static_cast<std::ptrdiff_t>(count), likelier);

  // Probabilities at this temperature, relative to the likeliest.
  const float best = candidates_[0].logit;
  if (best == kNever) return candidates_[0].token;
  double sum = 0;
  for (size_t i = 0; i < count; i++) {
    candidates_[i].logit = exp_f32((candidates_[i].logit - best) / params_.temperature);
    sum += static_cast<double>(candidates_[i].logit);
  }
  // top-p, then min-p (relative to the likeliest, whose weight is 1); at least one stays.
  double kept = 0;
  size_t keep = 0;
  while (keep < count) {
    const auto weight = static_cast<double>(candidates_[keep].logit);
    if (keep > 0 && (kept >= static_cast<double>(params_.top_p) * sum || candidates_[keep].logit < params_.min_p)) break;
    kept += weight;
    keep++;
  }
  double target = static_cast<double>(rng_.next_float()) * kept;
  for (size_t i = 0; i < keep; i++) {
    target -= static_cast<double>(candidates_[i].logit);
    if (target < 0) return candidates_[i].token;
  }
  return candidates_[keep - 1].token;
}

}  // namespace ternlight
