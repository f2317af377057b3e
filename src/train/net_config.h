// NetConfig: the shape of a network to be trained, and what its linear maps are made of. Plain data.
#pragma once

#include <cstdint>

#include "base/status.h"

namespace ternlight::train {

// What stands between the norm and the down projection. GELU has no gate (arXiv 1606.08415); the others are gated linear
// units (arXiv 2002.05202), with the squared ReLU of BitNet 2B4T (arXiv 2504.12285) or SiLU.
enum class FeedForwardKind : uint8_t { relu2_glu, swiglu, gelu };

// What the linear maps compute with. Ternary: W1.58A8 (arXiv 2402.17764), absmean weights and absmax int8 activations.
// Binary: W1A8 (arXiv 2310.11453), the sign times the mean magnitude, with the same activations. f32: neither is quantised.
enum class WeightKind : uint8_t { f32, ternary, binary };

enum class HeadKind : uint8_t { tied, own };        // the output head: the embedding itself, or a matrix of its own
enum class SubNorms : uint8_t { none, before_out };  // BitNet's norms (SubLN) before the output and down projections

struct NetConfig {
  uint32_t layers = 2;
  uint32_t dim = 128;       // width of the residual stream
  uint32_t heads = 4;       // of queries; a head is dim / heads wide
  uint32_t kv_heads = 2;    // divides heads
  uint32_t ffn_dim = 256;
  uint32_t vocab_size = 256;
  uint32_t context_length = 64;  // tokens of a training sequence
  float norm_eps = 1e-5f;
  float rope_base = 10000.0f;
  FeedForwardKind feed_forward = FeedForwardKind::relu2_glu;
  WeightKind weights = WeightKind::ternary;
  HeadKind head = HeadKind::tied;
  SubNorms sub_norms = SubNorms::before_out;

  uint32_t head_dim() const { return dim / heads; }
  uint32_t kv_dim() const { return kv_heads * head_dim(); }
  bool has_gate() const { return feed_forward != FeedForwardKind::gelu; }
  bool has_sub_norms() const { return sub_norms == SubNorms::before_out; }
};

// invalid_argument names the field that does not fit and what it must be.
Status check(const NetConfig& config);

}  // namespace ternlight::train
