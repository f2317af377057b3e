#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/fnv1a.h"
#include "engine/impl.h"
#include "sampling/sampler.h"
#include "text/stop_matcher.h"
#include "text/utf8.h"

namespace ternlight {
namespace {

// Their bits, lowest byte first.
uint64_t hash_floats(std::span<const float> values, uint64_t hash) {
  for (const float value : values) {
    uint32_t bits = 0;
    memcpy(&bits, &value, sizeof(bits));
    for (int shift = 0; shift < 32; shift += 8) hash = fnv1a(static_cast<uint8_t>(bits >> shift), hash);
  }
  return hash;
}

size_t common_prefix(std::span<const int32_t> a, std::span<const int32_t> b) {
  const auto [end, unused] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  return static_cast<size_t>(end - a.begin());
}

}  // namespace

// A generation goes through: prompt in `pending` (prefill) -> sample -> the sampled token in `pending` (decode) -> ...
struct Session::Impl {
  Impl(Engine::Impl& e, Model::Impl& m, KvCache&& c, Activations&& a, uint32_t chunk)
      : engine(e), model(m), cache(std::move(c)), activations(std::move(a)), prefill_chunk(chunk), sampler({}, 1), stops({}) {}

  Engine::Impl& engine;
  Model::Impl& model;
  KvCache cache;
  Activations activations;
  uint32_t prefill_chunk;

  GenerateParams params;
  Sampler sampler;
  StopMatcher stops;
  Utf8Stream utf8;
  uint64_t hash = kFnv1aBasis;    // of all logits since begin()
  std::vector<Token> pending;    // tokens of the text that the cache does not hold yet
  size_t prompt_tokens = 0;      // of them, in this prompt
  size_t prefilled = 0;
  uint32_t reused = 0;
  uint32_t generated = 0;
  bool logits_ready = false;     // of the last token in the cache
  bool strip_space = false;      // SPM: the first token's leading space is not text
  StopReason stop_reason = StopReason::end_of_text;  // none while running

  Step step();
  Step prefill_step();
  Step stop(StopReason reason);
  Status check_tokens(std::span<const Token> tokens) const;
  bool ends(Token token) const;
  size_t sampled_vocab() const { return std::min<size_t>(model.config().vocab_size, model.tokenizer.vocab_size()); }
};

Status Session::Impl::check_tokens(std::span<const Token> tokens) const {
  if (tokens.empty()) return error(ErrorCode::invalid_argument, "prompt: expected at least one token, found none");
  const uint32_t vocab = model.config().vocab_size;
  for (size_t i = 0; i < tokens.size(); i++) {
    if (tokens[i] < 0 || static_cast<uint32_t>(tokens[i]) >= vocab) {
      return error(ErrorCode::invalid_argument, "prompt: expected token ids below " + std::to_string(vocab) + ", found " +
                                                    std::to_string(tokens[i]) + " at position " + std::to_string(i));
    }
  }
  return ok_status();
}

bool Session::Impl::ends(Token token) const {
  if (std::find(params.stop_tokens.begin(), params.stop_tokens.end(), token) != params.stop_tokens.end()) return true;
  return !params.ignore_end_of_text && model.tokenizer.is_end_of_generation(token);
}

Step Session::Impl::stop(StopReason reason) {
  Step step;
  step.kind = StepKind::stop;
  if (stop_reason == StopReason::none) {
    stop_reason = reason;
    step.text = stops.push(utf8.finish()) + stops.finish();
    if (stops.matched()) stop_reason = StopReason::stop_string;  // completed by the very last bytes
  }
  step.stop_reason = stop_reason;
  return step;
}

Step Session::Impl::prefill_step() {
  const size_t n = std::min<size_t>(prefill_chunk, pending.size());
  forward(engine.compute, model.transformer(), std::span<const Token>(pending).first(n), cache, activations);
  pending.erase(pending.begin(), pending.begin() + static_cast<std::ptrdiff_t>(n));
  prefilled += n;
  if (pending.empty()) {
    logits(engine.compute, model.transformer(), n - 1, activations);
    logits_ready = true;
  }
  Step step;
  step.kind = StepKind::prefill;
  step.prefill_done = static_cast<uint32_t>(prefilled);
  step.prefill_total = static_cast<uint32_t>(prompt_tokens);
  return step;
}

Step Session::Impl::step() {
  if (stop_reason != StopReason::none) return stop(stop_reason);
  if (!logits_ready && generated == 0) return prefill_step();
  if (stops.matched()) return stop(StopReason::stop_string);
  if (generated >= params.max_tokens) return stop(StopReason::max_tokens);
  if (!logits_ready) {
    if (cache.size() == cache.capacity()) return stop(StopReason::context_full);
    forward(engine.compute, model.transformer(), pending, cache, activations);
    pending.clear();
    logits(engine.compute, model.transformer(), 0, activations);
  }
  logits_ready = false;

  const std::span<float> scores(activations.logits, sampled_vocab());
  if (params.collect_logits_hash) hash = hash_floats(scores, hash);
  const Token token = sampler.sample(scores);
  sampler.accept(token);
  pending.push_back(token);
  generated++;
  if (ends(token)) return stop(StopReason::end_of_text);

  std::string bytes = model.tokenizer.bytes(token);
  if (strip_space && !bytes.empty()) {
    if (bytes[0] == ' ') bytes.erase(0, 1);
    strip_space = false;
  }
  Step step;
  step.kind = StepKind::token;
  step.token = token;
  step.text = stops.push(utf8.push(bytes));
  return step;
}

Session::Session(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

Result<Session> Session::create(Engine& engine, const Model& model, const SessionOptions& options) {
  const Config& config = model.impl().config();
  const uint32_t context = options.context_length == 0 ? config.context_length : options.context_length;
  if (context > config.context_length) {
    return error(ErrorCode::invalid_argument, "context_length: expected at most the model's " +
                                                  std::to_string(config.context_length) + " tokens, found " + std::to_string(context));
  }
  const uint32_t chunk = std::max(1u, std::min(options.prefill_chunk, context));
  TERNLIGHT_ASSIGN(KvCache cache, KvCache::create(config, context, options.kv));
  TERNLIGHT_ASSIGN(Activations activations, Activations::create(config, chunk, context, engine.threads()));
  if (options.zero_counts != nullptr) options.zero_counts->start(config);
  activations.zeros = options.zero_counts;
  return Session(std::make_unique<Impl>(engine.impl(), model.impl(), std::move(cache), std::move(activations), chunk));
}

Status Session::begin(std::span<const Token> prompt, const GenerateParams& params) {
  Impl& s = *impl_;
  TERNLIGHT_TRY(s.check_tokens(prompt));
  if (prompt.size() >= s.cache.capacity()) {
    return error(ErrorCode::context_overflow, "the prompt has " + std::to_string(prompt.size()) + " tokens, the context window holds " +
                                                  std::to_string(s.cache.capacity()) + " including at least one to generate");
  }
  TERNLIGHT_TRY(params.sampler.check());

  // The last prompt token is always run again: its logits are needed, and only the keys and values are cached.
  const size_t keep = std::min(common_prefix(s.cache.tokens(), prompt), prompt.size() - 1);
  s.cache.truncate(keep);
  s.params = params;
  s.sampler = Sampler(params.sampler, s.sampled_vocab());
  for (const Token token : prompt) s.sampler.accept(token);
  s.stops = StopMatcher(params.stop);
  s.utf8 = Utf8Stream();
  s.hash = kFnv1aBasis;
  s.pending.assign(prompt.begin() + static_cast<std::ptrdiff_t>(keep), prompt.end());
  s.prompt_tokens = s.pending.size();
  s.prefilled = 0;
  s.reused = static_cast<uint32_t>(keep);
  s.generated = 0;
  s.logits_ready = false;
  // After a control token (a role marker, bos) SPM starts a new text.
  s.strip_space = s.model.tokenizer.strips_leading_space() && s.model.tokenizer.type(prompt.back()) == TokenType::control;
  s.stop_reason = StopReason::none;
  return ok_status();
}

Step Session::step() { return impl_->step(); }

Status Session::evaluate(std::span<const Token> tokens,
                         const std::function<void(size_t position, std::span<const float>)>& each) {
  Impl& s = *impl_;
  TERNLIGHT_TRY(s.check_tokens(tokens));
  if (tokens.size() > s.cache.capacity()) {
    return error(ErrorCode::context_overflow, "the text has " + std::to_string(tokens.size()) + " tokens, the context window holds " +
                                                  std::to_string(s.cache.capacity()));
  }
  reset();
  for (size_t done = 0; done < tokens.size();) {
    const size_t n = std::min<size_t>(s.prefill_chunk, tokens.size() - done);
    forward(s.engine.compute, s.model.transformer(), tokens.subspan(done, n), s.cache, s.activations);
    for (size_t i = 0; i < n; i++) each(done + i, logits(s.engine.compute, s.model.transformer(), i, s.activations));
    done += n;
  }
  return ok_status();
}

uint32_t Session::context_length() const { return static_cast<uint32_t>(impl_->cache.capacity()); }
uint32_t Session::position() const { return static_cast<uint32_t>(impl_->cache.size()); }
uint32_t Session::reused_tokens() const { return impl_->reused; }
uint64_t Session::logits_hash() const { return impl_->hash; }
uint64_t Session::kv_bytes() const { return impl_->cache.bytes(); }
uint64_t Session::scratch_bytes() const { return impl_->activations.block.size(); }

void Session::reset() {
  impl_->cache.truncate(0);
  impl_->stop_reason = StopReason::end_of_text;
}

}  // namespace ternlight
