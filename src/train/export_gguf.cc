#include "train/export_gguf.h"

#include <cstring>
#include <string>

#include "gguf/hyperparameters.h"
#include "gguf/writer.h"
#include "tensor/pack/pack.h"
#include "text/byte_alphabet.h"
#include "text/utf8.h"
#include "train/bit_linear.h"
#include "train/parameters.h"

namespace ternlight::train {
namespace {

using gguf::TypeId;

constexpr const char* kArchitecture = "bitnet-b1.58";

Status check_exportable(const NetConfig& c, const ExportOptions& o) {
  const auto refuse = [](const std::string& what) { return error(ErrorCode::invalid_argument, "export: " + what); };
  if (c.head != HeadKind::tied) return refuse("expected a tied head, found an own one");
  if (!c.has_gate()) return refuse("expected a gated feed-forward, found gelu");
  if (!c.has_sub_norms()) return refuse("expected sub-norms, found none");
  if (o.weights != WeightKind::f32 && (c.dim % 128 != 0 || c.ffn_dim % 128 != 0)) {
    return refuse("expected dim and ffn_dim to be multiples of 128, found " + std::to_string(c.dim) + " and " + std::to_string(c.ffn_dim));
  }
  const auto* tokens = o.tokenizer.find_as<gguf::StringArray>("tokenizer.ggml.tokens");
  const size_t known = tokens == nullptr ? 0 : tokens->size();
  if (known != c.vocab_size) {
    return refuse("expected a tokenizer of " + std::to_string(c.vocab_size) + " tokens, found " + std::to_string(known));
  }
  return ok_status();
}

// Integers have lost their width in reading: ids are u32, as all readers want them; a negative one is i32.
void copy_value(gguf::Writer& w, std::string_view key, const gguf::Value& value) {
  if (const auto* flag = std::get_if<bool>(&value)) w.set_bool(key, *flag);
  if (const auto* real = std::get_if<double>(&value)) w.set_f32(key, static_cast<float>(*real));
  if (const auto* text = std::get_if<std::string>(&value)) w.set_string(key, *text);
  if (const auto* strings = std::get_if<gguf::StringArray>(&value)) w.set_strings(key, *strings);
  if (const auto* integer = std::get_if<int64_t>(&value)) {
    if (*integer < 0) w.set_i32(key, static_cast<int32_t>(*integer));
    else w.set_u32(key, static_cast<uint32_t>(*integer));
  }
  if (const auto* integers = std::get_if<std::vector<int64_t>>(&value)) w.set_i32s(key, std::vector<int32_t>(integers->begin(), integers->end()));
  if (const auto* reals = std::get_if<std::vector<double>>(&value)) w.set_f32s(key, std::vector<float>(reals->begin(), reals->end()));
}

void set_metadata(gguf::Writer& w, const NetConfig& c, const ExportOptions& o) {
  const std::string arch = kArchitecture;
  w.set_string("general.architecture", arch);
  w.set_string("general.name", o.name);
  if (!o.license.empty()) w.set_string("general.license", o.license);
  w.set_u32("general.file_type", o.weights == WeightKind::f32 ? 1 : 40);  // f16; I2_S in Microsoft's numbering
  w.set_u32("general.quantization_version", 2);
  gguf::set_hyperparameters(w, arch, {.vocab_size = c.vocab_size, .context_length = c.context_length, .dim = c.dim, .layers = c.layers,
                                      .ffn_dim = c.ffn_dim, .heads = c.heads, .kv_heads = c.kv_heads, .rope_dim = c.head_dim(),
                                      .rope_base = c.rope_base, .norm_eps = c.norm_eps});
  if (c.feed_forward == FeedForwardKind::swiglu) w.set_string(arch + ".hidden_activation", "silu");
  for (const auto& [key, value] : o.tokenizer.values) {
    if (key.starts_with("tokenizer.")) copy_value(w, key, value);
  }
}

TypeId type_of(ParameterRole role, WeightKind weights) {
  if (role == ParameterRole::norm) return TypeId::f32;
  return role == ParameterRole::linear && weights != WeightKind::f32 ? TypeId::i2_s : TypeId::f16;
}

// A tensor's bytes, and zeros up to the alignment.
std::vector<uint8_t> tensor_bytes(const TrainCompute& compute, const Slice& slice, TypeId type, WeightKind weights,
                                  const float* parameters, uint64_t bytes, uint64_t padding) {
  std::vector<uint8_t> data(static_cast<size_t>(bytes + padding));
  const PackFormat& format = *find_pack_format(static_cast<uint32_t>(type));
  const gguf::TypeInfo& info = *gguf::find_type(static_cast<uint32_t>(type));
  const size_t row_bytes = slice.k / info.block_weights * info.block_bytes;
  const float* rows = slice.of(parameters);
  std::vector<float> codes;
  if (type == TypeId::i2_s) {
    codes.resize(slice.size());
    const LinearWeights w = quantize_weights(compute, weights, rows, slice.rows, slice.k, codes.data());
    rows = w.codes;
    std::memcpy(data.data() + slice.rows * row_bytes, &w.scale, sizeof w.scale);
  }
  for (size_t r = 0; r < slice.rows; r++) format.from_f32(rows + r * slice.k, slice.k, data.data() + r * row_bytes);
  return data;
}

}  // namespace

gguf::Metadata byte_tokenizer() {
  gguf::StringArray tokens;
  std::vector<int64_t> types(256, 1);
  for (const uint16_t letter : kByteAlphabet.letter) {
    std::string text;
    append_utf8(text, letter);
    append(tokens, text);
  }
  append(tokens, "<|endoftext|>");
  types.push_back(3);  // control
  gguf::Metadata m;
  m.values["tokenizer.ggml.model"] = std::string("gpt2");
  m.values["tokenizer.ggml.pre"] = std::string("llama-bpe");
  m.values["tokenizer.ggml.tokens"] = std::move(tokens);
  m.values["tokenizer.ggml.token_type"] = std::move(types);
  m.values["tokenizer.ggml.merges"] = gguf::StringArray{};
  m.values["tokenizer.ggml.bos_token_id"] = int64_t{256};
  m.values["tokenizer.ggml.eos_token_id"] = int64_t{256};
  m.values["tokenizer.ggml.add_bos_token"] = true;
  return m;
}

Status export_gguf(const TrainCompute& compute, const NetConfig& config, const std::vector<float>& parameters,
                   const ExportOptions& options, const std::function<Status(std::span<const uint8_t>)>& write) {
  TERNLIGHT_TRY(check_exportable(config, options));
  const ParameterLayout layout = make_layout(config);
  gguf::Writer writer;
  set_metadata(writer, config, options);
  for (const NamedSlice& p : layout.all) {
    std::vector<uint64_t> dims = {p.slice.k};
    if (p.role != ParameterRole::norm) dims.push_back(p.slice.rows);
    writer.add_tensor(p.name, dims, type_of(p.role, options.weights));
  }
  TERNLIGHT_ASSIGN(const std::string header, writer.header());
  TERNLIGHT_TRY(write({reinterpret_cast<const uint8_t*>(header.data()), header.size()}));
  for (size_t i = 0; i < layout.all.size(); i++) {
    const uint64_t bytes = writer.tensors()[i].bytes;
    TERNLIGHT_TRY(write(tensor_bytes(compute, layout.all[i].slice, type_of(layout.all[i].role, options.weights), options.weights,
                                     parameters.data(), bytes, writer.padding(bytes))));
  }
  return ok_status();
}

}  // namespace ternlight::train
