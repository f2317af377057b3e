#include "engine/inspect.h"

#include "base/json.h"
#include "engine/impl.h"

namespace ternlight {
namespace {

// Arrays up to this length are written out; vocabularies are not.
constexpr size_t kShortArray = 16;

template <class Array, class Write>
void write_array(JsonWriter& w, const Array& array, Write&& write) {
  if (array.size() > kShortArray) {
    w.begin_object().field("length", array.size()).end_object();
    return;
  }
  w.begin_array();
  for (size_t i = 0; i < array.size(); i++) write(array[i]);
  w.end_array();
}

void write_value(JsonWriter& w, const gguf::Value& value) {
  std::visit(
      [&](const auto& v) {
        using T = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<T, std::vector<int64_t>> || std::is_same_v<T, std::vector<double>> ||
                      std::is_same_v<T, gguf::StringArray>) {
          write_array(w, v, [&](const auto& item) { w.value(item); });
        } else {
          w.value(v);
        }
      },
      value);
}

}  // namespace

std::string header_json(const gguf::Header& header) {
  JsonWriter w;
  w.begin_object().field("version", header.version).field("alignment", header.alignment);
  w.field("data_offset", header.data_offset).field("file_bytes", header.file_bytes);
  if (header.parts.size() > 1) {
    w.key("parts").begin_array();
    for (const gguf::Extent& part : header.parts) {
      w.begin_object().field("data_offset", part.data_offset).field("file_bytes", part.file_bytes).end_object();
    }
    w.end_array();
  }
  w.key("metadata").begin_object();
  for (const auto& [key, value] : header.metadata.values) {
    w.key(key);
    write_value(w, value);
  }
  w.end_object().key("tensors").begin_array();
  uint64_t parameters = 0;
  for (const gguf::TensorInfo& t : header.tensors) {
    const uint64_t weights = t.k() * t.rows();
    parameters += weights;
    w.begin_object().field("name", t.name).field("type", gguf::type_name(t)).key("shape").begin_array();
    for (const uint64_t d : t.dims) w.value(d);
    w.end_array();
    if (header.parts.size() > 1) w.field("part", t.part);
    w.field("offset", t.offset).field("bytes", t.bytes);
    w.field("bits_per_weight", weights == 0 ? 0.0 : 8.0 * static_cast<double>(t.bytes) / static_cast<double>(weights)).end_object();
  }
  w.end_array().field("parameters", parameters).end_object();
  return w.text();
}

std::string model_info_json(const ModelInfo& i, const Tokenizer& tokenizer) {
  JsonWriter w;
  w.begin_object().field("architecture", i.architecture).field("name", i.name).field("tokenizer", i.tokenizer);
  w.field("preTokenizer", i.pre_tokenizer).field("chatTemplate", i.chat_template);
  w.field("chatTemplateReplaced", i.chat_template_replaced).field("headFormat", i.head_format);
  w.field("weightTypes", i.weight_types).field("i2sLayout", i.i2s_packing).field("layers", i.layers).field("dim", i.dim).field("ffnDim", i.ffn_dim);
  w.field("heads", i.heads).field("kvHeads", i.kv_heads).field("headDim", i.head_dim).field("vocabSize", i.vocab_size);
  w.field("contextLength", i.context_length).field("parameters", i.parameters);
  w.field("ternaryParameters", i.ternary_parameters).field("fileBytes", i.file_bytes).field("residentBytes", i.resident_bytes);
  w.key("endOfGeneration").begin_array();
  for (const Token t : tokenizer.end_of_generation()) w.value(t);
  w.end_array();
  const auto piece = [&](std::optional<Token> t) { return t ? tokenizer.piece(*t) : std::string_view(); };
  w.field("bosText", piece(tokenizer.bos())).field("eosText", piece(tokenizer.eos())).end_object();
  return w.text();
}

std::string Model::info_json() const { return model_info_json(info(), tokenizer()); }
std::string Model::inspect_json() const { return header_json(impl_->loaded.header); }

}  // namespace ternlight
