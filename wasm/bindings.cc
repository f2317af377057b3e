// The Embind surface of a wasm build, exactly as wasm/module.d.ts describes it: src/engine/engine.h in numbers, strings
// and plain objects. The only C++ that knows Emscripten.
#include <emscripten.h>
#include <emscripten/bind.h>
#include <emscripten/val.h>

#include <cmath>
#include <cstdlib>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "engine/engine.h"

using emscripten::val;

namespace ternlight {
namespace {

struct WasmStatus {
  std::string code, message;
  double needed_bytes, available_bytes;
};

struct WasmSlot {
  double ptr, size;
};

struct WasmStep {
  std::string kind;
  Token token;
  std::string text, stop_reason;
  uint32_t prefill_done, prefill_total;
};

WasmStatus to_wasm(const Status& status) {
  return {name(status.code), status.message, static_cast<double>(status.needed), static_cast<double>(status.available)};
}

// JavaScript's own encoder: Embind's string conversion eats the character behind a lone surrogate.
std::string utf8(const val& text) {
  const std::vector<uint8_t> bytes =
      emscripten::convertJSArrayToNumberVector<uint8_t>(val::global("TextEncoder").new_().call<val>("encode", text));
  return {bytes.begin(), bytes.end()};
}

std::vector<Token> tokens(const val& ids) { return emscripten::convertJSArrayToNumberVector<Token>(ids); }

WasmStatus bad_argument(const char* what, const char* expected, const std::string& found) {
  return to_wasm(error(ErrorCode::invalid_argument, std::string(what) + ": expected " + expected + ", found \"" + found + "\""));
}

std::optional<KvFormat> kv_format(const std::string& text) {
  if (text == "f16") return KvFormat::f16;
  if (text == "f32") return KvFormat::f32;
  if (text == "int8") return KvFormat::int8;
  return std::nullopt;
}

std::optional<I2sPacking> i2s_packing(const std::string& text) {
  for (const I2sPacking p : {I2sPacking::automatic, I2sPacking::blocks_128, I2sPacking::blocks_64, I2sPacking::four_rows}) {
    if (text == name(p)) return p;
  }
  return std::nullopt;
}

// A model keeps its engine, a session its model: JavaScript may delete them in any order.
struct LoadedModel {
  std::shared_ptr<Engine> engine;
  Model model;
};

// Copies are the same session, as Embind wants values to be.
class WasmSession {
 public:
  WasmSession(std::shared_ptr<const LoadedModel> model, Session session)
      : state_(std::make_shared<State>(State{std::move(model), std::move(session), {}})) {}

  void reset_params() { state_->params = {}; }

  WasmStatus set(const std::string& field, double value) {
    GenerateParams& params = state_->params;
    if (field == "max_tokens") {
      if (!(value >= 1 && value <= 4294967295.0) || value != std::floor(value)) {
        return bad_argument("max_tokens", "a whole number from 1 to 4294967295", std::to_string(value));
      }
      params.max_tokens = static_cast<uint32_t>(value);
    } else if (field == "ignore_end_of_text") {
      params.ignore_end_of_text = value != 0;
    } else if (field == "collect_logits_hash") {
      params.collect_logits_hash = value != 0;
    } else {
      return to_wasm(params.sampler.set(field.c_str(), value));
    }
    return to_wasm(ok_status());
  }

  void add_stop(const val& text) { state_->params.stop.push_back(utf8(text)); }
  void add_stop_token(Token token) { state_->params.stop_tokens.push_back(token); }
  void add_bias(Token token, float bias) { state_->params.sampler.logit_bias.emplace_back(token, bias); }

  WasmStatus begin(const val& prompt) { return to_wasm(state_->session.begin(tokens(prompt), state_->params)); }

  WasmStep step() {
    Step s = state_->session.step();
    const char* kind = s.kind == StepKind::prefill ? "prefill" : s.kind == StepKind::token ? "token" : "stop";
    const char* reason = s.stop_reason == StopReason::none ? "" : name(s.stop_reason);
    return {kind, s.token, std::move(s.text), reason, s.prefill_done, s.prefill_total};
  }

  uint32_t context_length() const { return state_->session.context_length(); }
  uint32_t position() const { return state_->session.position(); }
  uint32_t reused_tokens() const { return state_->session.reused_tokens(); }
  double kv_bytes() const { return static_cast<double>(state_->session.kv_bytes()); }
  double scratch_bytes() const { return static_cast<double>(state_->session.scratch_bytes()); }
  void reset() { state_->session.reset(); }

  std::string logits_hash() const {
    constexpr char kDigits[] = "0123456789abcdef";
    std::string hex(16, '0');
    uint64_t hash = state_->session.logits_hash();
    for (size_t i = hex.size(); i-- > 0; hash >>= 4) hex[i] = kDigits[hash & 15];
    return hex;
  }

 private:
  struct State {
    std::shared_ptr<const LoadedModel> model;  // before the session, which it must outlive
    Session session;
    GenerateParams params;
  };
  std::shared_ptr<State> state_;
};

class WasmEngine {
 public:
  explicit WasmEngine(uint32_t threads) : engine_(std::make_shared<Engine>(EngineOptions{.threads = threads})) {}

  std::string isa() const { return name(engine_->isa()); }
  std::string gemv_kernel() const { return engine_->gemv_kernel(); }
  std::string gemm_kernel() const { return engine_->gemm_kernel(); }
  uint32_t threads() const { return static_cast<uint32_t>(engine_->threads()); }

  WasmStatus begin_load(const val& options) {
    LoadOptions load;
    const std::string head = utf8(options["head"]);
    if (head == "auto") {
      load.head = HeadFormat::automatic;
    } else if (head == "file") {
      load.head = HeadFormat::file;
    } else if (head == "f16") {
      load.head = HeadFormat::f16;
    } else if (head == "int8") {
      load.head = HeadFormat::int8;
    } else if (head == "q6_k") {
      load.head = HeadFormat::q6_k;
    } else {
      return bad_argument("head", "auto, file, f16, int8 or q6_k", head);
    }
    const std::string zeros = utf8(options["zeros"]);
    if (zeros != "skip" && zeros != "read") return bad_argument("zeros", "skip or read", zeros);
    load.zeros = zeros == "skip" ? Zeros::skip : Zeros::read;
    if (const Status status = engine_->use_kernel(utf8(options["kernel"])); !status.ok()) return to_wasm(status);
    const std::string layout = utf8(options["i2sLayout"]), kv = utf8(options["kv"]);
    const std::optional<I2sPacking> packing = i2s_packing(layout);
    if (!packing) return bad_argument("i2sLayout", "auto, 128x32, 64x16 or 4row", layout);
    load.i2s_packing = *packing;
    const std::optional<KvFormat> format = kv_format(kv);
    if (!format) return bad_argument("kv", "f16, f32 or int8", kv);
    load.kv = *format;
    load.context_length = options["contextLength"].as<uint32_t>();
    load.whole_context = options["wholeContext"].as<bool>();
    const double limit = options["maxResidentBytes"].as<double>();
    if (!is_byte_count(limit)) return bad_argument("maxResidentBytes", "a number of bytes", std::to_string(limit));
    load.max_resident_bytes = static_cast<uint64_t>(limit);
    const std::vector<double> sizes = emscripten::convertJSArrayToNumberVector<double>(options["fileSizes"]);
    if (sizes.empty() || sizes.size() > 65535) return bad_argument("fileSizes", "1 to 65535 numbers", std::to_string(sizes.size()) + " of them");
    load.file_sizes.clear();
    for (const double size : sizes) {
      if (!is_byte_count(size)) return bad_argument("fileSizes", "numbers of bytes", std::to_string(size));
      load.file_sizes.push_back(static_cast<uint64_t>(size));
    }
    model_.reset();  // first: two models rarely fit
    loader_.reset();
    loader_ = std::make_unique<ModelLoader>(*engine_, load);
    return to_wasm(ok_status());
  }

  WasmSlot reserve() {
    if (!loader_) return {0, 0};
    const std::span<uint8_t> slot = loader_->reserve();
    return {static_cast<double>(reinterpret_cast<uintptr_t>(slot.data())), static_cast<double>(slot.size())};
  }

  WasmStatus commit(double bytes) {
    if (!loader_) return to_wasm(not_loading());
    if (!is_byte_count(bytes)) return bad_argument("commit", "a number of bytes", std::to_string(bytes));
    return to_wasm(loader_->commit(static_cast<size_t>(bytes)));
  }

  // -1 when no more bytes are wanted.
  double part() const { return loader_ && !loader_->reserve().empty() ? static_cast<double>(loader_->part()) : -1; }
  double offset() const { return loader_ ? static_cast<double>(loader_->offset()) : 0; }
  double loaded() const { return loader_ ? static_cast<double>(loader_->loaded()) : 0; }
  double total() const { return loader_ ? static_cast<double>(loader_->total()) : 0; }

  WasmStatus finish_load() {
    if (!loader_) return to_wasm(not_loading());
    Result<Model> model = loader_->finish();
    loader_.reset();
    if (!model.ok()) return to_wasm(model.status());
    model_ = std::make_shared<const LoadedModel>(LoadedModel{engine_, std::move(*model)});
    return to_wasm(ok_status());
  }

  std::string info_json() const;

  std::string inspect_json() const { return model_ ? model_->model.inspect_json() : "null"; }

  val tokenize(const val& text, bool add_bos, bool parse_special) const {
    std::vector<Token> ids;
    if (model_) {
      ids = model_->model.tokenizer().encode(utf8(text), {.add_bos = add_bos, .parse_special = parse_special});
    }
    return val::global("Int32Array").new_(emscripten::typed_memory_view(ids.size(), ids.data()));
  }

  std::string detokenize(const val& ids, bool special) const {
    return model_ ? model_->model.tokenizer().decode(tokens(ids), special) : "";
  }

  val create_session(uint32_t context_length, const std::string& kv) {
    val result = val::object();
    result.set("session", val::null());
    if (!model_) {
      result.set("status", to_wasm(error(ErrorCode::invalid_argument, "createSession: expected a loaded model, found none")));
      return result;
    }
    const std::optional<KvFormat> format = kv_format(kv);
    if (!format) {
      result.set("status", bad_argument("kv", "f16, f32 or int8", kv));
      return result;
    }
    const SessionOptions options{.context_length = context_length, .kv = *format};
    Result<Session> session = Session::create(*engine_, model_->model, options);
    result.set("status", to_wasm(session.status()));
    if (session.ok()) result.set("session", WasmSession(model_, std::move(*session)));
    return result;
  }

 private:
  // Whole numbers that a double holds exactly.
  static bool is_byte_count(double n) { return n >= 0 && n <= 9007199254740992.0 && n == std::floor(n); }
  static Status not_loading() { return error(ErrorCode::invalid_argument, "expected beginLoad() before, found no load under way"); }

  std::shared_ptr<Engine> engine_;
  std::unique_ptr<ModelLoader> loader_;
  std::shared_ptr<const LoadedModel> model_;
};

std::string WasmEngine::info_json() const {
  if (!model_) return "null";
  const ModelInfo& info = model_->model.info();
  const Tokenizer& tokenizer = model_->model.tokenizer();
  const auto piece = [&](std::optional<Token> token) { return token ? tokenizer.piece(*token) : std::string_view(); };
  JsonWriter json;
  json.begin_object()
      .field("architecture", info.architecture)
      .field("name", info.name)
      .field("tokenizer", info.tokenizer)
      .field("preTokenizer", info.pre_tokenizer)
      .field("chatTemplate", info.chat_template)
      .field("chatTemplateReplaced", info.chat_template_replaced)
      .field("headFormat", info.head_format)
      .field("weightTypes", info.weight_types)
      .field("i2sLayout", info.i2s_packing)
      .field("layers", info.layers)
      .field("dim", info.dim)
      .field("ffnDim", info.ffn_dim)
      .field("heads", info.heads)
      .field("kvHeads", info.kv_heads)
      .field("headDim", info.head_dim)
      .field("vocabSize", info.vocab_size)
      .field("contextLength", info.context_length)
      .field("parameters", info.parameters)
      .field("ternaryParameters", info.ternary_parameters)
      .field("fileBytes", info.file_bytes)
      .field("residentBytes", info.resident_bytes)
      .field("bosText", piece(tokenizer.bos()))
      .field("eosText", piece(tokenizer.eos()))
      .key("endOfGeneration")
      .begin_array();
  for (const Token token : tokenizer.end_of_generation()) json.value(token);
  json.end_array().end_object();
  return json.text();
}

bool run_self_test() { return self_test(make_kernels(best_isa())); }

double memory_bytes() { return static_cast<double>(__builtin_wasm_memory_size(0)) * 65536; }

}  // namespace

EMSCRIPTEN_BINDINGS(ternlight) {
  using emscripten::class_;
  using emscripten::function;
  using emscripten::value_object;

  value_object<WasmStatus>("Status")
      .field("code", &WasmStatus::code)
      .field("message", &WasmStatus::message)
      .field("neededBytes", &WasmStatus::needed_bytes)
      .field("availableBytes", &WasmStatus::available_bytes);
  value_object<WasmSlot>("Slot").field("ptr", &WasmSlot::ptr).field("size", &WasmSlot::size);
  value_object<WasmStep>("Step")
      .field("kind", &WasmStep::kind)
      .field("token", &WasmStep::token)
      .field("text", &WasmStep::text)
      .field("stopReason", &WasmStep::stop_reason)
      .field("prefillDone", &WasmStep::prefill_done)
      .field("prefillTotal", &WasmStep::prefill_total);

  class_<WasmEngine>("Engine")
      .constructor<uint32_t>()
      .function("isa", &WasmEngine::isa)
      .function("threads", &WasmEngine::threads)
      .function("gemvKernel", &WasmEngine::gemv_kernel)
      .function("gemmKernel", &WasmEngine::gemm_kernel)
      .function("beginLoad", &WasmEngine::begin_load)
      .function("reserve", &WasmEngine::reserve)
      .function("commit", &WasmEngine::commit)
      .function("part", &WasmEngine::part)
      .function("offset", &WasmEngine::offset)
      .function("loaded", &WasmEngine::loaded)
      .function("total", &WasmEngine::total)
      .function("finishLoad", &WasmEngine::finish_load)
      .function("infoJson", &WasmEngine::info_json)
      .function("inspectJson", &WasmEngine::inspect_json)
      .function("tokenize", &WasmEngine::tokenize)
      .function("detokenize", &WasmEngine::detokenize)
      .function("createSession", &WasmEngine::create_session);

  class_<WasmSession>("Session")
      .function("resetParams", &WasmSession::reset_params)
      .function("set", &WasmSession::set)
      .function("addStop", &WasmSession::add_stop)
      .function("addStopToken", &WasmSession::add_stop_token)
      .function("addBias", &WasmSession::add_bias)
      .function("begin", &WasmSession::begin)
      .function("step", &WasmSession::step)
      .function("contextLength", &WasmSession::context_length)
      .function("position", &WasmSession::position)
      .function("reusedTokens", &WasmSession::reused_tokens)
      .function("logitsHash", &WasmSession::logits_hash)
      .function("kvBytes", &WasmSession::kv_bytes)
      .function("scratchBytes", &WasmSession::scratch_bytes)
      .function("reset", &WasmSession::reset);

  function("selfTest", &run_self_test);
  function("memoryBytes", &memory_bytes);
}

}  // namespace ternlight

// Without exceptions, libc++'s operator new returns null when memory has run out, and address 0 is valid in wasm: writes
// would destroy the module's data. The big blocks (arena, cache) are allocated with checks of their own; for anything
// else the module ends here, and says why.
void* operator new(size_t bytes) {
  if (void* p = std::malloc(bytes == 0 ? 1 : bytes)) return p;
  EM_ASM({ abort('out of memory'); });
  std::abort();
}
void* operator new[](size_t bytes) { return operator new(bytes); }
