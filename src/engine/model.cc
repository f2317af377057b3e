#include <algorithm>

#include "engine/chat_templates.h"
#include "engine/choose_methods.h"
#include "engine/count_zeros.h"
#include "engine/impl.h"
#include "model/arrange.h"

namespace ternlight {
namespace {

const char* layout_name(Layout layout) {
  switch (layout) {
    case Layout::ternary: return "ternary";
    case Layout::ternary_columns: return "ternary_columns";
    case Layout::ternary_grouped: return "ternary_grouped";
    case Layout::f32: return "f32";
    case Layout::f16: return "f16";
    case Layout::bf16: return "bf16";
    case Layout::int8_row: return "int8";
    case Layout::q8_0: return "q8_0";
    case Layout::q6_k: return "q6_k";
    case Layout::q4_0: return "q4_0";
    case Layout::q4_k: return "q4_k";
  }
  return "";
}

// The file types of the projections, most frequent first: "I2_S", or "TQ2_0, F16".
std::string projection_types(const gguf::Header& header) {
  std::vector<std::pair<size_t, std::string>> counts;
  for (const gguf::TensorInfo& t : header.tensors) {
    if (!t.name.starts_with("blk.") || t.dims.size() < 2) continue;
    const std::string type = gguf::type_name(t);
    auto it = std::find_if(counts.begin(), counts.end(), [&](const auto& c) { return c.second == type; });
    if (it == counts.end()) it = counts.insert(counts.end(), {0, type});
    it->first++;
  }
  std::stable_sort(counts.begin(), counts.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::string out;
  for (const auto& [count, type] : counts) out.append(out.empty() ? "" : ", ").append(type);
  return out;
}

ModelInfo make_info(const LoadedWeights& loaded, const Tokenizer& tokenizer) {
  const Config& c = loaded.config;
  ModelInfo info;
  info.architecture = c.architecture;
  info.name = c.name;
  info.tokenizer = tokenizer.kind();
  info.pre_tokenizer = tokenizer.pre_tokenizer();
  ChatTemplate chat = find_chat_template(loaded.header.metadata, c.architecture);
  info.chat_template = std::move(chat.jinja);
  info.chat_template_replaced = chat.replaced;
  info.head_format = layout_name(loaded.weights->output.layout);
  info.weight_types = projection_types(loaded.header);
  info.i2s_packing = loaded.i2s == I2sPacking::automatic ? "" : name(loaded.i2s);
  info.layers = c.layers;
  info.dim = c.dim;
  info.ffn_dim = c.ffn_dim;
  info.heads = c.heads;
  info.kv_heads = c.kv_heads;
  info.head_dim = c.head_dim;
  info.vocab_size = c.vocab_size;
  info.context_length = c.context_length;
  info.parameters = 0;
  for (const gguf::TensorInfo& t : loaded.header.tensors) info.parameters += t.k() * t.rows();
  info.ternary_parameters = 0;
  for (const LayerWeights& l : loaded.weights->layers) {
    for (const LinearWeights* w : {&l.q, &l.k, &l.v, &l.o, &l.gate, &l.up, &l.down}) {
      if (is_ternary(w->weight.layout)) info.ternary_parameters += uint64_t{w->weight.k} * w->weight.rows;
    }
  }
  info.file_bytes = loaded.header.file_bytes;
  info.resident_bytes = loaded.arenas.size();
  return info;
}

RopeTable make_rope(const LoadedWeights& loaded) {
  const Tensor& f = loaded.weights->rope_freqs;
  const std::span<const float> divisors = f.empty() ? std::span<const float>() : std::span<const float>(f.floats(), f.k);
  return RopeTable(loaded.config.rope_dim, loaded.config.rope_base, loaded.config.rope_factor, divisors);
}

}  // namespace

Model::Impl::Impl(LoadedWeights&& l, Tokenizer&& t)
    : loaded(std::move(l)), tokenizer(std::move(t)), rope(make_rope(loaded)), info(make_info(loaded, tokenizer)) {
  // The tokenizer keeps its own tables; the vocabulary in the header would be a second copy.
  for (const char* key : {"tokenizer.ggml.tokens", "tokenizer.ggml.merges", "tokenizer.ggml.scores", "tokenizer.ggml.token_type"}) {
    loaded.header.metadata.values.erase(key);
  }
}

Model::Model(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Model::~Model() = default;
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;
const ModelInfo& Model::info() const { return impl_->info; }
const Tokenizer& Model::tokenizer() const { return impl_->tokenizer; }

struct ModelLoader::Impl {
  Impl(Engine& e, const LoadOptions& o)
      : engine(e),
        zeros(o.zeros),
        weights(e.impl().compute,
                {o.file_sizes,
                 o.head,
                 o.i2s_packing,
                 {o.context_length, o.whole_context, o.kv, SessionOptions().prefill_chunk, e.threads(), o.max_resident_bytes}}) {}
  Engine& engine;
  Zeros zeros;
  WeightLoader weights;
};

ModelLoader::ModelLoader(Engine& engine, const LoadOptions& options)
    : impl_(std::make_unique<Impl>(engine, options)) {}
ModelLoader::~ModelLoader() = default;
std::span<uint8_t> ModelLoader::reserve() { return impl_->weights.reserve(); }
Status ModelLoader::commit(size_t n) { return impl_->weights.commit(n); }
size_t ModelLoader::part() const { return impl_->weights.part(); }
uint64_t ModelLoader::offset() const { return impl_->weights.offset(); }
uint64_t ModelLoader::loaded() const { return impl_->weights.loaded(); }
uint64_t ModelLoader::total() const { return impl_->weights.total(); }
bool ModelLoader::header_complete() const { return impl_->weights.header() != nullptr; }

Result<Model> ModelLoader::finish() {
  TERNLIGHT_ASSIGN(LoadedWeights loaded, impl_->weights.finish());
  Engine::Impl& engine = impl_->engine.impl();
  if (engine.kernel_is_open) choose_methods(engine.kernels);
  engine.kernel_is_open = false;
  TERNLIGHT_ASSIGN(Tokenizer tokenizer, Tokenizer::create(loaded.header.metadata));
  loaded.session_memory = Arena();  // free for sessions
  Model model(std::make_unique<Model::Impl>(std::move(loaded), std::move(tokenizer)));
  if (impl_->zeros == Zeros::skip && can_arrange_for_zeros(model.impl().config(), *model.impl().loaded.weights)) {
    TERNLIGHT_ASSIGN(const ZeroCounts counts, count_zeros(impl_->engine, model));
    TERNLIGHT_TRY(arrange_for_zeros(engine.compute, counts, *model.impl().loaded.weights));
  }
  return model;
}

}  // namespace ternlight
