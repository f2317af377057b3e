// The numbers every architecture has in its metadata, under keys that begin with its name.
#pragma once

#include <cstdint>
#include <string>

#include "gguf/writer.h"

namespace ternlight::gguf {

struct Hyperparameters {
  uint32_t vocab_size;
  uint32_t context_length;  // tokens
  uint32_t dim;             // width of the residual stream
  uint32_t layers;
  uint32_t ffn_dim;
  uint32_t heads;           // of queries
  uint32_t kv_heads;
  uint32_t rope_dim;        // elements of a head that are rotated
  float rope_base;
  float norm_eps;
};

// Adds them to a header, in this order.
inline void set_hyperparameters(Writer& w, const std::string& architecture, const Hyperparameters& h) {
  w.set_u32(architecture + ".vocab_size", h.vocab_size);
  w.set_u32(architecture + ".context_length", h.context_length);
  w.set_u32(architecture + ".embedding_length", h.dim);
  w.set_u32(architecture + ".block_count", h.layers);
  w.set_u32(architecture + ".feed_forward_length", h.ffn_dim);
  w.set_u32(architecture + ".attention.head_count", h.heads);
  w.set_u32(architecture + ".attention.head_count_kv", h.kv_heads);
  w.set_u32(architecture + ".rope.dimension_count", h.rope_dim);
  w.set_f32(architecture + ".rope.freq_base", h.rope_base);
  w.set_f32(architecture + ".attention.layer_norm_rms_epsilon", h.norm_eps);
}

}  // namespace ternlight::gguf
