#include "model/schema.h"

namespace ternlight {
namespace {

class SchemaBuilder {
 public:
  explicit SchemaBuilder(std::vector<TensorSpec>& specs) : specs_(specs) {}

  void vector(const std::string& name, uint64_t n, Tensor& slot, bool required = true) {
    specs_.push_back({name, TensorRole::vector, n, 1, required, &slot});
  }
  void matrix(const std::string& name, TensorRole role, uint64_t rows, uint64_t k, Tensor& slot, bool required = true) {
    specs_.push_back({name, role, k, rows, required, &slot});
  }
  void linear(const std::string& stem, uint64_t rows, uint64_t k, LinearWeights& slot) {
    matrix(stem + ".weight", TensorRole::linear, rows, k, slot.weight);
    vector(stem + ".scale", 1, slot.scale, /*required=*/false);
    vector(stem + ".bias", rows, slot.bias, /*required=*/false);
  }

 private:
  std::vector<TensorSpec>& specs_;
};

}  // namespace

std::vector<TensorSpec> make_schema(const Config& c, Weights& w) {
  std::vector<TensorSpec> specs;
  SchemaBuilder s(specs);
  s.matrix("token_embd.weight", TensorRole::embedding, c.vocab_size, c.dim, w.token_embd);
  s.vector("output_norm.weight", c.dim, w.output_norm);
  s.vector("rope_freqs.weight", c.rope_dim / 2, w.rope_freqs, /*required=*/false);
  // BitNet files may hold a stray output.weight; both reference engines ignore it.
  if (!c.tied_head) s.matrix("output.weight", TensorRole::head, c.vocab_size, c.dim, w.output, /*required=*/false);
  w.layers.assign(c.layers, {});
  for (uint32_t i = 0; i < c.layers; i++) {
    const std::string block = "blk." + std::to_string(i) + ".";
    LayerWeights& l = w.layers[i];
    s.vector(block + "attn_norm.weight", c.dim, l.attn_norm);
    s.linear(block + "attn_q", c.q_dim(), c.dim, l.q);
    s.linear(block + "attn_k", c.kv_dim(), c.dim, l.k);
    s.linear(block + "attn_v", c.kv_dim(), c.dim, l.v);
    if (c.sub_norms) s.vector(block + "attn_sub_norm.weight", c.q_dim(), l.attn_sub_norm);
    s.linear(block + "attn_output", c.dim, c.q_dim(), l.o);
    s.vector(block + "ffn_norm.weight", c.dim, l.ffn_norm);
    s.linear(block + "ffn_gate", c.ffn_dim, c.dim, l.gate);
    s.linear(block + "ffn_up", c.ffn_dim, c.dim, l.up);
    if (c.sub_norms) s.vector(block + "ffn_sub_norm.weight", c.ffn_dim, l.ffn_sub_norm);
    s.linear(block + "ffn_down", c.dim, c.ffn_dim, l.down);
  }
  return specs;
}

}  // namespace ternlight
