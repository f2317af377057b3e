// Activations: every buffer a forward pass writes, sized once per session; layers use them in turn.
#pragma once

#include "base/arena.h"
#include "base/status.h"
#include "model/config.h"
#include "model/zero_counts.h"
#include "nn/attention.h"
#include "nn/linear.h"

namespace ternlight {

struct Activations {
  // What create() takes.
  static uint64_t bytes(const Config& config, size_t tokens, size_t capacity, size_t threads);
  // For batches of up to `tokens`, a context of `capacity` positions and `threads` threads.
  static Result<Activations> create(const Config& config, size_t tokens, size_t capacity, size_t threads);

  Arena block;
  size_t max_tokens = 0;
  float* x = nullptr;        // (tokens, dim) the residual stream
  float* normed = nullptr;   // (tokens, max(dim, heads * head_dim))
  float* q = nullptr;        // (tokens, heads * head_dim)
  float* k = nullptr;        // (tokens, kv_heads * head_dim)
  float* v = nullptr;        // (tokens, kv_heads * head_dim)
  float* mixed = nullptr;    // (tokens, heads * head_dim) what attention gives
  float* gate = nullptr;     // (tokens, ffn_dim)
  float* up = nullptr;       // (tokens, ffn_dim)
  float* delta = nullptr;    // (tokens, dim) what a block adds to the stream
  float* sin_cos = nullptr;  // (tokens, rope_dim)
  float* attention = nullptr;  // scratch of attention()
  float* logits = nullptr;   // (vocab)
  LinearScratch* linear = nullptr;
  ZeroCounts* zeros = nullptr;  // counted by forward() where given

 private:
  std::unique_ptr<LinearScratch> linear_;
};

}  // namespace ternlight
