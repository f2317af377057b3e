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
  SamplerParams params_;
  Rng rng_;
  std::vector<int32_t> recent_;        // ring of penalty_last_n
  size_t recent_next_ = 0;
  struct Candidate {
    float logit;
    int32_t token;
  };
  std::vector<Candidate> candidates_;  // scratch, sized once
};

}  // namespace ternlight
