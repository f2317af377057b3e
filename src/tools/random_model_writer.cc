#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "gguf/hyperparameters.h"
#include "gguf/writer.h"
#include "tools/random_gate_bias.h"
#include "tools/random_model.h"
#include "tools/random_weights.h"
#include "tools/synthetic_vocab.h"

namespace ternlight {
namespace {

using gguf::TypeId;

struct Shape {
  const char* name;
  uint32_t layers, dim, ffn, heads, kv_heads, vocab, specials, context;
  float rope_base;
};

constexpr Shape kShapes[] = {
    {"tiny", 2, 256, 512, 4, 2, 1024, 16, 512, 10000.0f},
    // the demo's storyteller
    {"storyteller", 8, 256, 768, 8, 4, 4096, 16, 256, 10000.0f},
    {"small-llama", 4, 512, 1536, 8, 2, 4096, 256, 2048, 500000.0f},
    // microsoft/bitnet-b1.58-2B-4T
    {"2b4t", 30, 2560, 6912, 20, 5, 128256, 256, 4096, 500000.0f},
};

// As BitNet b1.58 2B4T was trained.
constexpr const char* kBitnetTemplate =
    "{% for message in messages %}{% if loop.first %}{{ bos_token }}{% endif %}"
    "{{ message['role'] | capitalize + ': ' + message['content'] | trim + '<|eot_id|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'Assistant: ' }}{% endif %}";
// What stands in Microsoft's GGUF files instead.
constexpr const char* kPlaceholderTemplate =
    "{% for message in messages %}{% if loop.first %}{{ bos_token }}{% endif %}{% if message['role'] == "
    "'user' %}"
    "{{ 'Human: ' + message['content'] + '\\n\\nBITNETAssistant: ' + eos_token }}{% elif message['role'] == "
    "'assistant' %}"
    "{{ message['content'] + eos_token }}{% endif %}{% endfor %}";
constexpr const char* kLlama3Template =
    "{% for message in messages %}{% if loop.first %}{{ bos_token }}{% endif %}"
    "{{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' + message['content'] | trim + "
    "'<|eot_id|>' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% "
    "endif %}";

// general.file_type as each type's home numbers it; readers should not go by it.
uint32_t file_type(TypeId type) {
  switch (type) {
    case TypeId::tq1_0: return 36;
    case TypeId::tq2_0: return 37;
    default: return 40;  // I2_S, in Microsoft's fork
  }
}

void set_metadata(gguf::Writer& w, const RandomModelSpec& spec, const Shape& shape) {
  const std::string& arch = spec.architecture;
  w.set_string("general.architecture", arch);
  w.set_string("general.name", "random-" + spec.shape);
  w.set_u32("general.file_type", file_type(spec.type));
  w.set_u32("general.quantization_version", 2);
  gguf::set_hyperparameters(w, arch, {.vocab_size = shape.vocab, .context_length = shape.context, .dim = shape.dim,
                                      .layers = shape.layers, .ffn_dim = shape.ffn, .heads = shape.heads, .kv_heads = shape.kv_heads,
                                      .rope_dim = shape.dim / shape.heads, .rope_base = shape.rope_base, .norm_eps = 1e-5f});

  const SyntheticVocab vocab = make_synthetic_vocab(shape.vocab, shape.specials, spec.seed);
  w.set_string("tokenizer.ggml.model", "gpt2");
  if (!spec.like_microsoft) w.set_string("tokenizer.ggml.pre", "llama-bpe");
  w.set_strings("tokenizer.ggml.tokens", vocab.tokens);
  if (spec.like_microsoft) w.set_f32s("tokenizer.ggml.scores", std::vector<float>(vocab.tokens.size(), 0.0f));
  w.set_i32s("tokenizer.ggml.token_type", vocab.types);
  w.set_strings("tokenizer.ggml.merges", vocab.merges);
  w.set_u32("tokenizer.ggml.bos_token_id", vocab.bos);
  w.set_u32("tokenizer.ggml.eos_token_id", vocab.eos);
  w.set_u32("tokenizer.ggml.padding_token_id", vocab.eos);
  w.set_bool("tokenizer.ggml.add_bos_token", true);
  w.set_string("tokenizer.chat_template", spec.like_microsoft ? kPlaceholderTemplate
                                          : arch == "llama"   ? kLlama3Template
                                                              : kBitnetTemplate);
}

void add_tensors(gguf::Writer& w, const RandomModelSpec& spec, const Shape& shape) {
  const uint64_t dim = shape.dim, ffn = shape.ffn, kv_dim = dim / shape.heads * shape.kv_heads;
  const bool llama = spec.architecture == "llama";
  w.add_tensor("token_embd.weight", {dim, shape.vocab}, spec.head);
  for (uint32_t layer = 0; layer < shape.layers; ++layer) {
    const std::string prefix = "blk." + std::to_string(layer) + ".";
    const auto norm = [&](const char* name, uint64_t n) {
      w.add_tensor(prefix + name + ".weight", {n}, TypeId::f32);
    };
    const auto ternary = [&](const char* name, uint64_t k, uint64_t rows) {
      w.add_tensor(prefix + name + ".weight", {k, rows}, spec.type);
    };
    norm("attn_norm", dim);
    ternary("attn_q", dim, dim);
    ternary("attn_k", dim, kv_dim);
    ternary("attn_v", dim, kv_dim);
    if (!llama) norm("attn_sub_norm", dim);
    ternary("attn_output", dim, dim);
    norm("ffn_norm", dim);
    ternary("ffn_gate", dim, ffn);
    ternary("ffn_up", dim, ffn);
    if (!llama) norm("ffn_sub_norm", ffn);
    ternary("ffn_down", ffn, dim);
  }
  w.add_tensor("output_norm.weight", {dim}, TypeId::f32);
  if (llama) w.add_tensor("output.weight", {dim, shape.vocab}, spec.head);
}

// One tensor's bytes and the padding behind them.
Status write_tensor(const RandomModelSpec& spec, const Shape& shape, const gguf::TensorInfo& tensor,
                    uint64_t padding, const std::function<Status(std::span<const uint8_t>)>& write) {
  const PackFormat& format = *find_pack_format(tensor.type);
  const gguf::TypeInfo& type = *gguf::find_type(tensor.type);
  const auto k = static_cast<size_t>(tensor.k());
  const bool ternary = tensor.type == static_cast<uint32_t>(spec.type);
  const bool norm = tensor.dims.size() == 1;
  const float scale = ternary_scale(k);
  // Outputs come from a normed vector of dim numbers about 1: rows of this deviation make logits of about 2.
  const float deviation = 2.0f / std::sqrt(static_cast<float>(shape.dim));

  RandomRows source(spec.seed, tensor.name);
  GateBias bias({spec.zero_gates, spec.seed, shape.layers, shape.dim, deviation}, tensor.name, k);
  // four rows at a time, which is what one packing of I2_S puts together; the last one is followed by the tail and the padding
  const size_t row = k / type.block_weights * type.block_bytes;
  std::vector<uint8_t> buffer(4 * row + type.tail_bytes + static_cast<size_t>(padding));
  for (uint64_t r = 0; r < tensor.rows(); ++r) {
    const size_t at = static_cast<size_t>(r % 4);
    const bool last = r + 1 == tensor.rows();
    uint8_t* to = buffer.data() + at * row;
    const std::span<const float> lead = bias.next_row();
    if (ternary) {
      source.ternary_row(format, k, scale, lead, to);
    } else if (norm) {
      source.normal_row(format, k, /*mean=*/1.0f, /*deviation=*/0.1f, lead, to);
    } else {
      // Special tokens are never the likeliest, as in trained models: generation must not end by chance.
      const bool special = r >= shape.vocab - shape.specials;
      source.normal_row(format, k, /*mean=*/0.0f, special ? deviation / 4.0f : deviation, lead, to);
    }
    if (at < 3 && !last) continue;
    const size_t bytes = (at + 1) * row, behind = buffer.size() - 4 * row;
    if (tensor.type == static_cast<uint32_t>(TypeId::i2_s)) i2_s_repack(spec.packing, buffer.data(), at + 1, k);
    if (last) std::memset(buffer.data() + bytes, 0, behind);
    if (type.tail_bytes > 0 && last) std::memcpy(buffer.data() + bytes, &scale, sizeof scale);
    TERNLIGHT_TRY(write({buffer.data(), last ? bytes + behind : bytes}));
  }
  return ok_status();
}

}  // namespace

Result<RandomModelStats> write_random_model(const RandomModelSpec& spec,
                                            const std::function<Status(std::span<const uint8_t>)>& write) {
  const auto* known = std::find_if(std::begin(kShapes), std::end(kShapes),
                                   [&](const Shape& s) { return spec.shape == s.name; });
  if (known == std::end(kShapes)) {
    return error(ErrorCode::invalid_argument,
                 "option --shape: expected tiny, storyteller, small-llama or 2b4t, found " + spec.shape);
  }
  Shape shape = *known;
  if (spec.layers > 0) shape.layers = spec.layers;
  gguf::Writer writer;
  set_metadata(writer, spec, shape);
  add_tensors(writer, spec, shape);

  TERNLIGHT_ASSIGN(const std::string header, writer.header());
  TERNLIGHT_TRY(write({reinterpret_cast<const uint8_t*>(header.data()), header.size()}));
  RandomModelStats stats;
  for (const gguf::TensorInfo& tensor : writer.tensors()) {
    TERNLIGHT_TRY(write_tensor(spec, shape, tensor, writer.padding(tensor.bytes), write));
    stats.parameters += tensor.k() * tensor.rows();
  }
  TERNLIGHT_ASSIGN(stats.bytes, writer.file_bytes());
  return stats;
}

}  // namespace ternlight
