// Config: what an architecture needs to know of a model, read once from GGUF metadata. Plain data.
#pragma once

#include <cstdint>
#include <string>

namespace ternlight {

enum class Activation : uint8_t { relu2, silu };    // of the feed-forward gate
enum class RopePairs : uint8_t { neox, norm };      // (i, i + n/2) or (2i, 2i + 1)

struct Config {
  std::string architecture;
  std::string name;
  uint32_t layers = 0;
  uint32_t dim = 0;             // width of the residual stream
  uint32_t ffn_dim = 0;
  uint32_t heads = 0;           // query heads
  uint32_t kv_heads = 0;
  uint32_t head_dim = 0;
  uint32_t rope_dim = 0;        // leading elements of a head that are rotated
  uint32_t vocab_size = 0;
  uint32_t context_length = 0;  // tokens the model was trained for
  float norm_eps = 1e-5f;
  float rope_base = 10000.0f;
  float rope_factor = 1.0f;     // linear scaling: positions are divided by it
  Activation activation = Activation::silu;
  RopePairs rope_pairs = RopePairs::neox;
  bool sub_norms = false;       // BitNet's norms before the output and down projections
  bool tied_head = false;       // the embedding is the output head, whatever else the file holds

  uint32_t q_dim() const { return heads * head_dim; }
  uint32_t kv_dim() const { return kv_heads * head_dim; }
};

}  // namespace ternlight
