// Sampler: logits to the next token. Stages in order: logit bias, penalties, temperature 0 -> argmax; else top-k,
// temperature, top-p, min-p, draw. All sums in a fixed order and with our own exp: the same bits everywhere.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/rng.h"
#include "sampling/params.h"

namespace ternlight {

class Sampler {
 public:
  Sampler(const SamplerParams& params, size_t vocab_size);

  // Chooses from `logits` (vocab_size floats, changed in place by bias and penalties). Ties go to the lowest id.
  int32_t sample(std::span<float> logits);
  // Tells the penalties about a token that is now part of the text (prompt tokens too).
  void accept(int32_t token);

 private:
  struct Candidate {
    float logit;
    int32_t token;
  };

  void add_bias(std::span<float> logits) const;
  void penalize(std::span<float> logits);
  int32_t draw(float max_logit, size_t n);
  int32_t draw_sorted(float max_logit, size_t n);

  SamplerParams params_;
  Rng rng_;
  bool penalties_;                     // any of the three is on
  std::vector<int32_t> recent_;        // ring of the last penalty_last_n tokens; grows to that size as text comes
  size_t recent_next_ = 0;             // where the ring's next token goes, once it is full
  std::vector<int32_t> counts_;        // (vocab_size) how often each token is in the ring; empty without penalties
  std::vector<Candidate> candidates_;  // (vocab_size) scratch
};

}  // namespace ternlight
