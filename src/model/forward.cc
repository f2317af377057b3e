#include "model/forward.h"

#include "base/check.h"
#include "nn/attention.h"
#include "nn/gated.h"
#include "tensor/pack/pack.h"

namespace ternlight {
namespace {

void norm_rows(const Compute& compute, const float* x, const Tensor& weight, float eps, size_t tokens, float* y) {
  const size_t n = weight.k;
  compute.threads.parallel_for(tokens, 4, [&](size_t begin, size_t end, size_t) {
    for (size_t t = begin; t < end; t++) compute.kernels.rms_norm(x + t * n, weight.floats(), eps, n, y + t * n);
  });
}

LinearTask task(const LinearWeights& w, float* y) { return {&w.weight, &w.scale, &w.bias, y, w.weight.rows}; }

void linear(const Compute& compute, Activations& a, const float* x, size_t tokens, size_t k,
            std::initializer_list<LinearTask> tasks) {
  ternlight::linear(compute, *a.linear, x, tokens, k, {tasks.begin(), tasks.size()});
}

// Rotates q and k of each token and writes k and v into the cache.
void rotate_and_store(const Compute& compute, const Config& c, const KvLayer& kv, size_t tokens, size_t n_past,
                      Activations& a) {
  const auto rope = c.rope_pairs == RopePairs::neox ? compute.kernels.rope_neox : compute.kernels.rope_norm;
  compute.threads.parallel_for(tokens, 4, [&](size_t begin, size_t end, size_t) {
    for (size_t t = begin; t < end; t++) {
      const float* sin_cos = a.sin_cos + t * c.rope_dim;
      for (size_t h = 0; h < c.heads; h++) rope(a.q + t * c.q_dim() + h * c.head_dim, sin_cos, c.rope_dim);
      for (size_t h = 0; h < c.kv_heads; h++) {
        float* key = a.k + t * c.kv_dim() + h * c.head_dim;
        rope(key, sin_cos, c.rope_dim);
        store(compute.kernels, kv, h, n_past + t, key, a.v + t * c.kv_dim() + h * c.head_dim);
      }
    }
  });
}

// a.up = act(Wgate x) * Wup x; a.gate holds Wgate x.
void gated(const Compute& compute, const Config& c, const LayerWeights& l, const float* x, size_t tokens, Activations& a) {
  const LinearTask gate_task = task(l.gate, a.gate), up_task = task(l.up, a.up);
  if (l.down.weight.layout == Layout::ternary_columns) {
    return gated_relu2(compute, *a.linear, x, tokens, c.dim, gate_task, up_task, a.up);
  }
  linear(compute, a, x, tokens, c.dim, {gate_task, up_task});
  const auto gate = c.activation == Activation::relu2 ? compute.kernels.relu2_mul : compute.kernels.silu_mul;
  compute.threads.parallel_for(tokens, 4, [&](size_t begin, size_t end, size_t) {
    for (size_t t = begin; t < end; t++) gate(a.gate + t * c.ffn_dim, a.up + t * c.ffn_dim, c.ffn_dim, a.up + t * c.ffn_dim);
  });
}

}  // namespace

void forward(const Compute& compute, const Transformer& model, std::span<const int32_t> tokens, KvCache& cache,
             Activations& a) {
  const Config& c = model.config;
  const Weights& w = model.weights;
  const size_t n = tokens.size(), n_past = cache.size();
  TERNLIGHT_DCHECK(n <= a.max_tokens && n_past + n <= cache.capacity());

  // h = E[t]
  for (size_t t = 0; t < n; t++) {
    const Tensor& e = w.token_embd;
    const auto row = static_cast<size_t>(tokens[t]);
    row_to_f32(e.layout, e.row(row), e.scales(), row, c.dim, a.x + t * c.dim);
    model.rope.at(n_past + t, a.sin_cos + t * c.rope_dim);
  }

  const AttentionShape shape = {c.heads, c.kv_heads, c.head_dim,
                                static_cast<float>(1.0 / __builtin_sqrt(static_cast<double>(c.head_dim)))};
  for (size_t i = 0; i < c.layers; i++) {
    const LayerWeights& l = w.layers[i];

    // h += Wo · norm(attention(Wq a, Wk a, Wv a)), a = norm(h)
    norm_rows(compute, a.x, l.attn_norm, c.norm_eps, n, a.normed);
    linear(compute, a, a.normed, n, c.dim, {task(l.q, a.q), task(l.k, a.k), task(l.v, a.v)});
    const KvLayer kv = cache.layer(i);
    rotate_and_store(compute, c, kv, n, n_past, a);
    attention(compute, shape, kv, a.q, n, n_past, a.attention, a.mixed);
    if (c.sub_norms) norm_rows(compute, a.mixed, l.attn_sub_norm, c.norm_eps, n, a.mixed);
    linear(compute, a, a.mixed, n, c.q_dim(), {task(l.o, a.delta)});
    compute.kernels.add(a.x, a.delta, n * c.dim);

    // h += Wdown · norm(act(Wgate a) * Wup a), a = norm(h)
    norm_rows(compute, a.x, l.ffn_norm, c.norm_eps, n, a.normed);
    gated(compute, c, l, a.normed, n, a);
    if (a.zeros != nullptr) a.zeros->count_gates(i, a.gate, n * c.ffn_dim);
    if (c.sub_norms) norm_rows(compute, a.up, l.ffn_sub_norm, c.norm_eps, n, a.up);
    linear(compute, a, a.up, n, c.ffn_dim, {task(l.down, a.delta)});
    if (a.zeros != nullptr) a.zeros->count_down(i, a.linear->q8, n, c.ffn_dim);
    compute.kernels.add(a.x, a.delta, n * c.dim);
  }
  cache.append(tokens);
}

std::span<float> logits(const Compute& compute, const Transformer& model, size_t index, Activations& a) {
  const Config& c = model.config;
  compute.kernels.rms_norm(a.x + index * c.dim, model.weights.output_norm.floats(), c.norm_eps, c.dim, a.normed);
  const LinearTask head = {&model.weights.output, nullptr, nullptr, a.logits, c.vocab_size};
  linear(compute, a, a.normed, 1, c.dim, {head});
  return {a.logits, c.vocab_size};
}

}  // namespace ternlight
