#include "model/activations.h"

#include <algorithm>
#include <vector>

namespace ternlight {
namespace {

struct Buffer {
  float* Activations::* member;
  size_t count;
};

LinearLimits linear_limits(const Config& c, size_t tokens, size_t threads) {
  const size_t max_k = std::max({size_t{c.dim}, size_t{c.q_dim()}, size_t{c.ffn_dim}});
  // The widest single calls of linear(): q/k/v, gate/up over the batch; the head over one token.
  const size_t batch_rows = std::max({size_t{c.q_dim()} + 2 * c.kv_dim(), 2 * size_t{c.ffn_dim}, size_t{c.dim}});
  const size_t max_rows = std::max(batch_rows, (c.vocab_size + tokens - 1) / tokens);
  return {tokens, max_k, max_rows, threads};
}

std::vector<Buffer> buffers_of(const Config& c, size_t tokens, size_t capacity, size_t threads) {
  return {
      {&Activations::x, tokens * c.dim},
      {&Activations::normed, tokens * std::max(c.dim, c.q_dim())},
      {&Activations::q, tokens * c.q_dim()},
      {&Activations::k, tokens * c.kv_dim()},
      {&Activations::v, tokens * c.kv_dim()},
      {&Activations::mixed, tokens * c.q_dim()},
      {&Activations::gate, tokens * c.ffn_dim},
      {&Activations::up, tokens * c.ffn_dim},
      {&Activations::delta, tokens * c.dim},
      {&Activations::sin_cos, tokens * c.rope_dim},
      {&Activations::attention, attention_scratch_floats(threads, capacity, c.head_dim)},
      {&Activations::logits, c.vocab_size},
  };
}

}  // namespace

uint64_t Activations::bytes(const Config& c, size_t tokens, size_t capacity, size_t threads) {
  uint64_t bytes = LinearScratch::bytes(linear_limits(c, tokens, threads));
  for (const Buffer& b : buffers_of(c, tokens, capacity, threads)) bytes += Arena::padded(b.count * sizeof(float));
  return bytes;
}

Result<Activations> Activations::create(const Config& c, size_t tokens, size_t capacity, size_t threads) {
  const LinearLimits limits = linear_limits(c, tokens, threads);
  Activations a;
  TERNLIGHT_ASSIGN(a.block, Arena::create(static_cast<size_t>(bytes(c, tokens, capacity, threads)), "the activations"));
  a.max_tokens = tokens;
  for (const Buffer& b : buffers_of(c, tokens, capacity, threads)) a.*b.member = a.block.allocate_array<float>(b.count).data();
  a.linear_ = std::make_unique<LinearScratch>(a.block, limits);
  a.linear = a.linear_.get();
  return a;
}

}  // namespace ternlight
