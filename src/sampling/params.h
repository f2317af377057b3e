// SamplerParams: every knob of sampling, described once. Command-line flags, TypeScript options and their documentation
// are made from visit().
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "base/status.h"

namespace ternlight {

struct FieldDoc {
  const char* name;  // snake_case, as in the OpenAI API where it has the field
  double min;
  double max;
  const char* doc;
};

struct SamplerParams {
  float temperature = 0.8f;
  uint32_t top_k = 40;
  float top_p = 0.95f;
  float min_p = 0.05f;
  float repetition_penalty = 1.0f;
  float frequency_penalty = 0.0f;
  float presence_penalty = 0.0f;
  uint32_t penalty_last_n = 64;
  uint32_t seed = 0;
  std::vector<std::pair<int32_t, float>> logit_bias;  // token, added to its logit; -100 or less bans it

  // visitor(field, doc) for each scalar field; the value given here is the default.
  template <class Self, class Visitor>
  static void visit(Self& p, Visitor&& v) {
    v(p.temperature, FieldDoc{"temperature", 0, 100, "0 takes the likeliest token; higher is more varied"});
    v(p.top_k, FieldDoc{"top_k", 0, 1e9, "keep only the k likeliest tokens; 0 keeps all"});
    v(p.top_p, FieldDoc{"top_p", 0, 1, "keep the likeliest tokens that together reach this probability; 1 keeps all"});
    v(p.min_p, FieldDoc{"min_p", 0, 1, "drop tokens below this share of the likeliest token's probability; 0 keeps all"});
    v(p.repetition_penalty, FieldDoc{"repetition_penalty", 0.01, 100, "divide the logits of recent tokens by this (multiply when negative); 1 is off"});
    v(p.frequency_penalty, FieldDoc{"frequency_penalty", -100, 100, "subtract this from a token's logit for each time it occurred recently"});
    v(p.presence_penalty, FieldDoc{"presence_penalty", -100, 100, "subtract this once from the logit of each token that occurred recently"});
    v(p.penalty_last_n, FieldDoc{"penalty_last_n", 0, 1e9, "how many of the last tokens the three penalties look at; 0 turns them off"});
    v(p.seed, FieldDoc{"seed", 0, 4294967295.0, "the same seed, prompt and options give the same tokens, on every machine"});
  }

  // Sets a scalar field by name; invalid_argument names the field, its range and the value.
  Status set(const char* field, double value);
  Status check() const;
};

}  // namespace ternlight
