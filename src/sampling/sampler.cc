#include "sampling/sampler.h"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "kernels/math-inl.h"

namespace ternlight {
namespace {

constexpr float kBanned = -std::numeric_limits<float>::infinity();
// A bias this low bans its token outright, as the OpenAI API describes logit_bias.
constexpr float kBanBias = -100.0f;
// The penalty window is allocated up to this many tokens at once; longer ones grow with the text.
constexpr size_t kWindowReserve = 4096;

int32_t argmax(std::span<const float> logits) {
  size_t best = 0;
  float best_logit = kBanned;
  for (size_t i = 0; i < logits.size(); ++i) {
    if (logits[i] > best_logit) {  // false for NaN
      best = i;
      best_logit = logits[i];
    }
  }
  return static_cast<int32_t>(best);
}

}  // namespace

Sampler::Sampler(const SamplerParams& params, size_t vocab_size)
    : params_(params),
      rng_(params.seed),
      penalties_(params.penalty_last_n > 0 && (params.repetition_penalty != 1.0f || params.frequency_penalty != 0.0f ||
                                               params.presence_penalty != 0.0f)) {
  candidates_.resize(vocab_size);
  if (penalties_) {
    counts_.resize(vocab_size);
    recent_.reserve(std::min<size_t>(params_.penalty_last_n, kWindowReserve));
  }
}

void Sampler::accept(int32_t token) {
  if (!penalties_ || token < 0 || static_cast<size_t>(token) >= counts_.size()) return;
  if (recent_.size() < params_.penalty_last_n) {
    recent_.push_back(token);
  } else {
    int32_t& oldest = recent_[recent_next_];
    --counts_[static_cast<size_t>(oldest)];
    oldest = token;
    if (++recent_next_ == recent_.size()) recent_next_ = 0;
  }
  ++counts_[static_cast<size_t>(token)];
}

void Sampler::add_bias(std::span<float> logits) const {
  for (const auto& [token, bias] : params_.logit_bias) {
    if (token < 0 || static_cast<size_t>(token) >= logits.size()) continue;
    float& logit = logits[static_cast<size_t>(token)];
    logit = bias <= kBanBias ? kBanned : logit + bias;
  }
}

// Repetition as in CTRL (Keskar et al. 2019, section 4.1), with the division turned round for negative logits; frequency
// and presence as in the OpenAI API.
void Sampler::penalize(std::span<float> logits) {
  for (const int32_t token : recent_) {
    int32_t& count = counts_[static_cast<size_t>(token)];
    if (count < 0) continue;  // done already: a token may be in the ring several times
    float& logit = logits[static_cast<size_t>(token)];
    logit = logit > 0 ? logit / params_.repetition_penalty : logit * params_.repetition_penalty;
    logit -= static_cast<float>(count) * params_.frequency_penalty + params_.presence_penalty;
    count = -count;
  }
  for (const int32_t token : recent_) {
    int32_t& count = counts_[static_cast<size_t>(token)];
    count = count < 0 ? -count : count;
  }
}

int32_t Sampler::sample(std::span<float> logits) {
  TERNLIGHT_DCHECK(logits.size() == candidates_.size());
  add_bias(logits);
  if (penalties_) penalize(logits);
  if (params_.temperature <= 0) return argmax(logits);

  float max_logit = kBanned;
  size_t n = 0;
  for (size_t i = 0; i < logits.size(); ++i) {
    if (!(logits[i] > kBanned)) continue;  // banned, or NaN
    const float logit = std::min(logits[i], FLT_MAX);
    max_logit = std::max(max_logit, logit);
    candidates_[n++] = {logit, static_cast<int32_t>(i)};
  }
  if (n == 0) return argmax(logits);
  const bool all = (params_.top_k == 0 || params_.top_k >= n) && params_.top_p >= 1;
  return all ? draw(max_logit, n) : draw_sorted(max_logit, n);
}

// Without top-k and top-p nothing needs an order: min-p looks at one candidate at a time.
int32_t Sampler::draw(float max_logit, size_t n) {
  double total = 0;
  for (size_t i = 0; i < n; ++i) {
    float& weight = candidates_[i].logit;
    weight = exp_f32((weight - max_logit) / params_.temperature);
    if (weight < params_.min_p) weight = 0;
    total += static_cast<double>(weight);
  }
  const double target = rng_.next_u32() * 0x1p-32 * total;
  double sum = 0;
  int32_t last = candidates_[0].token;
  for (size_t i = 0; i < n; ++i) {
    if (candidates_[i].logit <= 0) continue;
    sum += static_cast<double>(candidates_[i].logit);
    last = candidates_[i].token;
    if (sum > target) break;
  }
  return last;
}

// Brings candidates into order, likeliest first, only as far as the filters want them: top-k by a heap of k, otherwise by
// taking them off a heap of all one by one. Both are far cheaper than sorting a vocabulary of 10^5 tokens, and just as
// determined, since the order is total.
int32_t Sampler::draw_sorted(float max_logit, size_t n) {
  const auto more_likely = [](const Candidate& a, const Candidate& b) {
    return a.logit > b.logit || (a.logit == b.logit && a.token < b.token);
  };
  const auto less_likely = [&](const Candidate& a, const Candidate& b) { return more_likely(b, a); };
  const auto weight_of = [&](size_t i) { return exp_f32((candidates_[i].logit - max_logit) / params_.temperature); };
  const auto at = [&](size_t i) { return candidates_.begin() + static_cast<ptrdiff_t>(i); };
  const bool top_k = params_.top_k > 0 && params_.top_k < n;
  const size_t k = top_k ? params_.top_k : n;
  // Where the i-th likeliest stands, once it is in order: popping a heap fills it from the end.
  const auto place = [&](size_t i) { return top_k ? i : n - 1 - i; };

  // top-p is a share of the total that top-k leaves. It is added up in an order that no library chooses: by likelihood,
  // or, before there is a heap, by id.
  if (top_k) std::partial_sort(at(0), at(k), at(n), more_likely);
  double total = 0;
  for (size_t i = 0; i < k; ++i) total += static_cast<double>(weight_of(i));
  if (!top_k) std::make_heap(at(0), at(n), less_likely);

  const double enough = static_cast<double>(params_.top_p) * total;
  double kept = 0;
  size_t count = 0;
  while (count < k) {
    if (!top_k) std::pop_heap(at(0), at(n - count), less_likely);
    const float weight = weight_of(place(count));
    if (count > 0 && weight < params_.min_p) break;
    candidates_[place(count)].logit = weight;  // from here on only its weight matters
    kept += static_cast<double>(weight);
    ++count;
    if (params_.top_p < 1 && kept >= enough) break;
  }

  const double target = rng_.next_u32() * 0x1p-32 * kept;
  double sum = 0;
  for (size_t i = 0; i < count; ++i) {
    sum += static_cast<double>(candidates_[place(i)].logit);
    if (sum > target) return candidates_[place(i)].token;
  }
  return candidates_[place(count - 1)].token;
}

}  // namespace ternlight
