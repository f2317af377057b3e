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
    float logit;  // later its probability relative to the likeliest
    int32_t token;
  };

  void apply_penalties(std::span<float> logits);
  int32_t draw(std::span<const float> logits);

  SamplerParams params_;
  Rng rng_;
  std::vector<int32_t> recent_;  // ring of the last penalty_last_n tokens; no capacity when the penalties are off
  size_t recent_next_ = 0;
  std::vector<int32_t> sorted_;        // scratch
  std::vector<Candidate> candidates_;  // scratch, vocab_size
};

}  // namespace ternlight
