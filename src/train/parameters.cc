#include "train/parameters.h"

#include <cmath>

#include "base/rng.h"
#include "kernels/math-inl.h"

namespace ternlight::train {
namespace {

// Deviations to begin with. What blocks add to the residual stream must not drown the embeddings in it.
constexpr float kEmbedding = 0.1f;
constexpr float kIntoStream = 0.25f;  // of what a map of inputs of size 1 has for outputs of size 1

// Box and Muller (1958).
float normal(Rng& rng) {
  const double u = (static_cast<double>(rng.next_u32()) + 1.0) * 0x1p-32;
  const double angle = 6.283185307179586 * static_cast<double>(rng.next_u32()) * 0x1p-32;
  return static_cast<float>(std::sqrt(-2.0 * log_f64(u)) * sin_cos_f64(angle).cos);
}

}  // namespace

ParameterLayout make_layout(const NetConfig& c) {
  ParameterLayout layout;
  const auto place = [&](std::string name, ParameterRole role, size_t rows, size_t k, float deviation = 0.0f) {
    const Slice slice = {layout.size, rows, k};
    layout.all.push_back({std::move(name), role, slice, deviation});
    layout.size += slice.size();
    return slice;
  };
  using enum ParameterRole;
  layout.embedding = place("token_embd.weight", embedding, c.vocab_size, c.dim, kEmbedding);
  for (uint32_t i = 0; i < c.layers; i++) {
    const std::string prefix = "blk." + std::to_string(i) + ".";
    const auto vector = [&](const char* name, size_t n) { return place(prefix + name + ".weight", norm, 1, n); };
    const auto matrix = [&](const char* name, size_t rows, size_t k, float size = 1.0f) {
      return place(prefix + name + ".weight", linear, rows, k, size / std::sqrt(static_cast<float>(k)));
    };
    LayerSlices l;
    l.attn_norm = vector("attn_norm", c.dim);
    l.q = matrix("attn_q", c.dim, c.dim);
    l.k = matrix("attn_k", c.kv_dim(), c.dim);
    l.v = matrix("attn_v", c.kv_dim(), c.dim);
    if (c.has_sub_norms()) l.attn_sub_norm = vector("attn_sub_norm", c.dim);
    l.o = matrix("attn_output", c.dim, c.dim, kIntoStream);
    l.ffn_norm = vector("ffn_norm", c.dim);
    if (c.has_gate()) l.gate = matrix("ffn_gate", c.ffn_dim, c.dim);
    l.up = matrix("ffn_up", c.ffn_dim, c.dim);
    if (c.has_sub_norms()) l.ffn_sub_norm = vector("ffn_sub_norm", c.ffn_dim);
    l.down = matrix("ffn_down", c.dim, c.ffn_dim, kIntoStream);
    layout.layers.push_back(l);
  }
  layout.output_norm = place("output_norm.weight", norm, 1, c.dim);
  layout.head = c.head == HeadKind::tied ? layout.embedding : place("output.weight", embedding, c.vocab_size, c.dim, kEmbedding);
  return layout;
}

std::vector<float> initial_parameters(const ParameterLayout& layout, uint64_t seed) {
  std::vector<float> values(layout.size, 1.0f);
  Rng rng(seed);
  for (const NamedSlice& p : layout.all) {
    if (p.role == ParameterRole::norm) continue;
    float* to = p.slice.of(values.data());
    for (size_t i = 0; i < p.slice.size(); i++) to[i] = p.deviation * normal(rng);
  }
  return values;
}

}  // namespace ternlight::train
