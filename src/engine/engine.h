// The engine's façade: everything the wasm bindings and the command-line tools use.
//
//   Engine engine({.threads = 2});
//   ModelLoader loader(engine, options);
//   while (!(slot = loader.reserve()).empty()) { read bytes into slot; loader.commit(n); }
//   Result<Model> model = loader.finish();
//   Session session(engine, *model, {.context_length = 2048});
//   session.begin(tokens, params);
//   for (Step s = session.step(); ...; s = session.step()) ...
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "kernels/kernels.h"
#include "model/head_format.h"
#include "model/zero_counts.h"
#include "nn/kv_format.h"
#include "sampling/params.h"
#include "tensor/pack/i2_s_packing.h"
#include "text/tokenizer.h"

namespace ternlight {

struct EngineOptions {
  size_t threads = 1;
  Isa isa = best_isa();
};

// What the machine gives: kernels and threads. Outlives every loader, model and session made with it.
class Engine {
 public:
  explicit Engine(const EngineOptions& options);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  Isa isa() const;
  size_t threads() const;
  // How ternary products are computed in models that are loaded from now on. "auto": the end of the load measures for some
  // milliseconds which way is the fastest here. Otherwise the name of a TernaryMethod of this build; invalid_argument names
  // those there are. The results are the same.
  Status use_kernel(const std::string& wish);
  const char* gemv_kernel() const;  // names of the TernaryMethods in use: for one token
  const char* gemm_kernel() const;  // for several

  struct Impl;
  Impl& impl() const { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

// Weights that only ever meet zeros need not be read; the results are the same.
enum class Zeros : uint8_t { skip, read };

struct LoadOptions {
  std::vector<uint64_t> file_sizes = {0};  // bytes, one for each part of a split file; 0 when not known
  HeadFormat head = HeadFormat::automatic;
  Zeros zeros = Zeros::skip;
  I2sPacking i2s_packing = I2sPacking::automatic;  // how I2_S tensors are packed; automatic goes by the weights, else 128x32
  // A session of so many tokens (of the model's own if that is less) will be made: memory for it is reserved, and the load
  // refused, before any weight comes. 0 reserves for no session.
  uint32_t context_length = 0;
  bool whole_context = false;  // not less than that: refuse (invalid_argument) a model whose own context is shorter
  KvFormat kv = KvFormat::f16;
  uint64_t max_resident_bytes = 0;  // of weights and that session: refuse (out_of_memory) what takes more; 0 is no limit
};

struct ModelInfo {
  std::string architecture, name, tokenizer, pre_tokenizer, chat_template, head_format, weight_types;
  uint32_t layers, dim, ffn_dim, heads, kv_heads, head_dim, vocab_size, context_length;
  uint64_t parameters, ternary_parameters;
  uint64_t file_bytes, resident_bytes;
  std::string i2s_packing;  // how the file's I2_S tensors were packed; empty when it has none
  bool chat_template_replaced;  // the file's own template is a known placeholder; chat_template is the trained one
};

// Weights and tokenizer; const after loading, shared by any number of sessions.
class Model {
 public:
  ~Model();
  Model(Model&&) noexcept;
  Model& operator=(Model&&) noexcept;

  const ModelInfo& info() const;
  const Tokenizer& tokenizer() const;
  std::string info_json() const;     // ModelInfo, camelCase keys, and the tokenizer's special tokens
  std::string inspect_json() const;  // the file's header: metadata and tensors

  struct Impl;
  explicit Model(std::unique_ptr<Impl> impl);
  Impl& impl() const { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

// Takes a file's bytes in order and unpacks them as they pass. Peak memory is the weights plus one row. Of a split file, first
// the header of each part is read, then the data of each: part() says which one the next bytes must come from.
class ModelLoader {
 public:
  ModelLoader(Engine& engine, const LoadOptions& options);
  ~ModelLoader();

  // Where the next bytes of the file are to be written: never empty before the end of the file or an error.
  std::span<uint8_t> reserve();
  // The first n bytes of what reserve() gave have been written. An error is final; reserve() is empty from then on.
  Status commit(size_t n);
  // The part that the next bytes are of, from 0, and where in it they are. Changes only in commit().
  size_t part() const;
  uint64_t offset() const;
  // Bytes taken so far, and in all (0 until that is known), of all parts.
  uint64_t loaded() const;
  uint64_t total() const;
  bool header_complete() const;
  // Call when the bytes end. `truncated` when they end early.
  Result<Model> finish();

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

enum class StopReason : uint8_t {
  none,
  end_of_text,   // the model ended: eos, eot, eom
  stop_string,
  max_tokens,
  context_full,  // the window is used up: a result, not an error
};
const char* name(StopReason reason);

struct GenerateParams {
  uint32_t max_tokens = 256;
  std::vector<std::string> stop;     // stop strings; never part of the text
  std::vector<Token> stop_tokens;    // besides the model's own end-of-generation tokens
  bool ignore_end_of_text = false;
  bool collect_logits_hash = false;
  SamplerParams sampler;
};

enum class StepKind : uint8_t { prefill, token, stop };

struct Step {
  StepKind kind = StepKind::stop;
  Token token = -1;                      // kind token
  std::string text;                      // what can be shown now: whole characters, no part of a stop string
  StopReason stop_reason = StopReason::none;  // kind stop
  uint32_t prefill_done = 0, prefill_total = 0;  // kind prefill: tokens
};

struct SessionOptions {
  uint32_t context_length = 0;  // tokens; 0 takes the model's own
  KvFormat kv = KvFormat::f16;
  uint32_t prefill_chunk = 64;  // tokens per step(): how soon a cancel is noticed
  ZeroCounts* zero_counts = nullptr;  // counts from here on where given; outlives the session
};

// One conversation: a KV cache and what is needed to extend it.
class Session {
 public:
  static Result<Session> create(Engine& engine, const Model& model, const SessionOptions& options);
  ~Session();
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;

  // Starts on a prompt. The longest prefix that the cache already holds is kept; the rest is prefilled by step().
  // context_overflow when the prompt leaves no room for a token; invalid_argument for an empty prompt or an unknown token.
  Status begin(std::span<const Token> prompt, const GenerateParams& params);
  // One bounded piece of work: a chunk of the prompt, or one token, or the news that generation is over. Leaving off
  // between two steps is always allowed; what has been computed stays in the cache.
  Step step();

  // Logits after every position of `tokens` (fresh cache), in order: for `logits` and `perplexity`.
  Status evaluate(std::span<const Token> tokens, const std::function<void(size_t position, std::span<const float>)>& each);

  uint32_t context_length() const;
  uint32_t position() const;         // tokens in the cache
  uint32_t reused_tokens() const;    // of the last prompt, found in the cache
  uint64_t logits_hash() const;      // FNV-1a over the bits of all logits since begin(), if asked for
  uint64_t kv_bytes() const;
  uint64_t scratch_bytes() const;
  void reset();                      // empties the cache

  struct Impl;

 private:
  explicit Session(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ternlight
