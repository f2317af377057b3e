#include "train/block.h"

#include <algorithm>

#include "train/feed_forward.h"
#include "train/rms_norm.h"

namespace ternlight::train {
namespace {

void add(const TrainCompute& compute, float* x, const float* delta, size_t n) {
  compute.threads.parallel_for(n, 4096, [&](size_t begin, size_t end, size_t) { compute.kernels.add(x + begin, delta + begin, end - begin); });
}

// y = the sub-norm of x, or x itself where there is none.
const float* sub_norm(const BlockContext& b, const Slice& w, const float* x, size_t n, float* y) {
  if (w.size() == 0) return x;
  rms_norm(b.compute, x, w.of(b.parameters), b.config.norm_eps, b.shape.tokens(), n, y);
  return y;
}

// d, the gradient by the sub-norm's output, becomes that by its input x.
void sub_norm_backward(const BlockContext& b, const Slice& w, const float* x, size_t n, float* d, float* gradient) {
  if (w.size() == 0) return;
  rms_norm_backward(b.compute, x, w.of(b.parameters), b.config.norm_eps, b.shape.tokens(), n, d, Into::replace, d, w.of(gradient));
}

}  // namespace

void quantize_block(const TrainCompute& compute, const NetConfig& config, WeightKind kind, const LayerSlices& l,
                    const float* parameters, BlockWeights& w) {
  const size_t all = l.q.size() + l.k.size() + l.v.size() + l.o.size() + l.gate.size() + l.up.size() + l.down.size();
  w.codes.resize(kind == WeightKind::f32 ? 0 : all);
  float* room = w.codes.data();
  const auto quantize = [&](const Slice& slice) {
    const LinearWeights linear = quantize_weights(compute, kind, slice.of(parameters), slice.rows, slice.k, room);
    if (kind != WeightKind::f32) room += slice.size();
    return linear;
  };
  w.q = quantize(l.q);
  w.k = quantize(l.k);
  w.v = quantize(l.v);
  w.o = quantize(l.o);
  if (config.has_gate()) w.gate = quantize(l.gate);
  w.up = quantize(l.up);
  w.down = quantize(l.down);
}

void allocate(const NetConfig& c, const AttentionShape& shape, BlockActivations& a) {
  const size_t tokens = shape.tokens();
  for (std::vector<float>* x : {&a.x, &a.q, &a.mixed, &a.x_mid}) x->resize(tokens * c.dim);
  for (std::vector<float>* x : {&a.k, &a.v}) x->resize(tokens * c.kv_dim());
  a.probabilities.resize(tokens * c.heads * shape.length);
  a.gate.resize(c.has_gate() ? tokens * c.ffn_dim : 0);
  a.up.resize(tokens * c.ffn_dim);
}

void allocate(const NetConfig& c, const AttentionShape& shape, BlockScratch& s) {
  const size_t tokens = shape.tokens();
  for (std::vector<float>* x : {&s.wide_a, &s.wide_b, &s.wide_c}) x->resize(tokens * std::max(c.dim, c.ffn_dim));
  s.dq.resize(tokens * c.dim);
  for (std::vector<float>* x : {&s.dk, &s.dv}) x->resize(tokens * c.kv_dim());
}

void block_forward(const BlockContext& b, float* x, BlockActivations& a, BlockScratch& s) {
  const NetConfig& c = b.config;
  const TrainCompute& compute = b.compute;
  const size_t tokens = b.shape.tokens();
  float* normed = s.wide_a.data();
  float* delta = s.wide_b.data();

  // x += Wo · sub_norm(attention(Wq a, Wk a, Wv a)), a = norm(x)
  std::copy_n(x, tokens * c.dim, a.x.begin());
  rms_norm(compute, x, b.slices.attn_norm.of(b.parameters), c.norm_eps, tokens, c.dim, normed);
  quantize_input(compute, b.kind, normed, tokens, c.dim, a.attn_in);
  bit_linear(compute, a.attn_in, tokens, b.weights.q, a.q.data());
  bit_linear(compute, a.attn_in, tokens, b.weights.k, a.k.data());
  bit_linear(compute, a.attn_in, tokens, b.weights.v, a.v.data());
  attention(compute, b.shape, b.angles, a.q.data(), a.k.data(), a.v.data(), a.probabilities.data(), a.mixed.data());
  quantize_input(compute, b.kind, sub_norm(b, b.slices.attn_sub_norm, a.mixed.data(), c.dim, normed), tokens, c.dim, a.o_in);
  bit_linear(compute, a.o_in, tokens, b.weights.o, delta);
  add(compute, x, delta, tokens * c.dim);

  // x += Wdown · sub_norm(act(Wgate a) * Wup a), a = norm(x)
  std::copy_n(x, tokens * c.dim, a.x_mid.begin());
  rms_norm(compute, x, b.slices.ffn_norm.of(b.parameters), c.norm_eps, tokens, c.dim, normed);
  quantize_input(compute, b.kind, normed, tokens, c.dim, a.ffn_in);
  if (c.has_gate()) bit_linear(compute, a.ffn_in, tokens, b.weights.gate, a.gate.data());
  bit_linear(compute, a.ffn_in, tokens, b.weights.up, a.up.data());
  feed_forward(compute, c.feed_forward, a.gate.data(), a.up.data(), tokens * c.ffn_dim, normed);
  quantize_input(compute, b.kind, sub_norm(b, b.slices.ffn_sub_norm, normed, c.ffn_dim, normed), tokens, c.ffn_dim, a.down_in);
  bit_linear(compute, a.down_in, tokens, b.weights.down, delta);
  add(compute, x, delta, tokens * c.dim);
}

void block_backward(const BlockContext& b, const BlockActivations& a, float* dx, float* gradient, BlockScratch& s) {
  const NetConfig& c = b.config;
  const TrainCompute& compute = b.compute;
  const LayerSlices& l = b.slices;
  const size_t tokens = b.shape.tokens();
  float* d = s.wide_a.data();
  float* dgate = s.wide_b.data();
  float* activated = s.wide_c.data();

  // The feed-forward. dx goes past it as well: d holds what comes through it.
  bit_linear_backward(compute, a.down_in, tokens, b.weights.down, dx, Into::replace, d, l.down.of(gradient));
  if (c.has_sub_norms()) feed_forward(compute, c.feed_forward, a.gate.data(), a.up.data(), tokens * c.ffn_dim, activated);
  sub_norm_backward(b, l.ffn_sub_norm, activated, c.ffn_dim, d, gradient);
  feed_forward_backward(compute, c.feed_forward, a.gate.data(), a.up.data(), tokens * c.ffn_dim, d, dgate, d);
  float* dnormed = s.wide_c.data();
  bit_linear_backward(compute, a.ffn_in, tokens, b.weights.up, d, Into::replace, dnormed, l.up.of(gradient));
  if (c.has_gate()) bit_linear_backward(compute, a.ffn_in, tokens, b.weights.gate, dgate, Into::add, dnormed, l.gate.of(gradient));
  rms_norm_backward(compute, a.x_mid.data(), l.ffn_norm.of(b.parameters), c.norm_eps, tokens, c.dim, dnormed, Into::add, dx,
                    l.ffn_norm.of(gradient));

  // The attention.
  bit_linear_backward(compute, a.o_in, tokens, b.weights.o, dx, Into::replace, d, l.o.of(gradient));
  sub_norm_backward(b, l.attn_sub_norm, a.mixed.data(), c.dim, d, gradient);
  attention_backward(compute, b.shape, b.angles, a.q.data(), a.k.data(), a.v.data(), a.probabilities.data(), d, s.dq.data(),
                     s.dk.data(), s.dv.data());
  bit_linear_backward(compute, a.attn_in, tokens, b.weights.q, s.dq.data(), Into::replace, dnormed, l.q.of(gradient));
  bit_linear_backward(compute, a.attn_in, tokens, b.weights.k, s.dk.data(), Into::add, dnormed, l.k.of(gradient));
  bit_linear_backward(compute, a.attn_in, tokens, b.weights.v, s.dv.data(), Into::add, dnormed, l.v.of(gradient));
  rms_norm_backward(compute, a.x.data(), l.attn_norm.of(b.parameters), c.norm_eps, tokens, c.dim, dnormed, Into::add, dx,
                    l.attn_norm.of(gradient));
}

}  // namespace ternlight::train
