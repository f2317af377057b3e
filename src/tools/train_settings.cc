#include "tools/train_settings.h"

#include <algorithm>
#include <cstring>

#include "text/tokenizer.h"
#include "tools/choice.h"
#include "tools/model_file.h"
#include "tools/smoke_text.h"
#include "train/export_gguf.h"
#include "train/head.h"

namespace ternlight {
namespace {

using train::FeedForwardKind;
using train::HeadKind;
using train::WeightKind;

constexpr Choice<FeedForwardKind> kActivations[] = {
    {"relu2", FeedForwardKind::relu2_glu}, {"swiglu", FeedForwardKind::swiglu}, {"gelu", FeedForwardKind::gelu}};
constexpr Choice<WeightKind> kWeights[] = {{"ternary", WeightKind::ternary}, {"binary", WeightKind::binary}, {"f32", WeightKind::f32}};
constexpr Choice<HeadKind> kHeads[] = {{"tied", HeadKind::tied}, {"own", HeadKind::own}};

std::vector<Choice<train::GemmKind>> gemm_choices() {
  std::vector<Choice<train::GemmKind>> choices = {{"auto", train::gemm_kinds().front()}};
  for (const train::GemmKind& kind : train::gemm_kinds()) choices.push_back({kind.name, kind});
  return choices;
}

Status read_net(const Args& args, train::NetConfig& net) {
  TERNLIGHT_ASSIGN(net.layers, args.count("layers", net.layers, 1, 256));
  TERNLIGHT_ASSIGN(net.dim, args.count("dim", net.dim, 2, 16384));
  TERNLIGHT_ASSIGN(net.heads, args.count("heads", net.heads, 1, 256));
  TERNLIGHT_ASSIGN(net.kv_heads, args.count("kv-heads", net.kv_heads, 1, 256));
  TERNLIGHT_ASSIGN(net.ffn_dim, args.count("ffn", net.ffn_dim, 1, 65536));
  TERNLIGHT_ASSIGN(net.context_length, args.count("context", net.context_length, 2, 65536));
  TERNLIGHT_ASSIGN(net.feed_forward, choose(args, "activation", kActivations));
  TERNLIGHT_ASSIGN(net.weights, choose(args, "weights", kWeights));
  TERNLIGHT_ASSIGN(net.head, choose(args, "head", kHeads));
  if (args.flag("no-sub-norms")) net.sub_norms = train::SubNorms::none;
  return ok_status();
}

Status read_options(const Args& args, train::TrainOptions& o) {
  TERNLIGHT_TRY(read_net(args, o.net));
  const auto number = [&](const char* name, float& value, double min, double max) -> Status {
    TERNLIGHT_ASSIGN(const double x, args.number(name, static_cast<double>(value), min, max));
    value = static_cast<float>(x);
    return ok_status();
  };
  TERNLIGHT_ASSIGN(o.schedule.steps, args.count("steps", o.schedule.steps, 1, 100'000'000));
  TERNLIGHT_ASSIGN(o.schedule.warmup, args.count("warmup", o.schedule.warmup, 0, 100'000'000));
  TERNLIGHT_TRY(number("rate", o.schedule.peak_rate, 1e-8, 10));
  TERNLIGHT_TRY(number("decay", o.schedule.weight_decay, 0, 10));
  TERNLIGHT_TRY(number("clip", o.adam.clip, 1e-6, 1e9));
  TERNLIGHT_ASSIGN(o.sequences, args.count("sequences", o.sequences, 1, 4096));
  TERNLIGHT_ASSIGN(o.float_steps, args.count("float-steps", 0, 0, 100'000'000));
  TERNLIGHT_ASSIGN(o.seed, args.count("seed", 1, 0, 0xFFFFFFFFu));
  return ok_status();
}

// What the first of two options names as text or the second as token ids; nothing when neither is given.
Result<std::vector<uint16_t>> read_tokens(const Args& args, const Tokenizer& tokenizer, const std::string& text_option,
                                          const std::string& tokens_option) {
  std::vector<uint16_t> tokens;
  if (const auto path = args.option(tokens_option)) {
    TERNLIGHT_ASSIGN(const std::string bytes, read_text_file(*path));
    if (bytes.size() % 2 != 0) return error(ErrorCode::invalid_argument, *path + ": expected tokens of 2 bytes, found an odd number of bytes");
    tokens.resize(bytes.size() / 2);
    if (!tokens.empty()) std::memcpy(tokens.data(), bytes.data(), bytes.size());
    for (const uint16_t token : tokens) {
      if (token >= tokenizer.vocab_size()) {
        return error(ErrorCode::invalid_argument, *path + ": expected tokens below " + std::to_string(tokenizer.vocab_size()) + ", found " + std::to_string(token));
      }
    }
    return tokens;
  }
  std::string text;
  if (const auto path = args.option(text_option)) {
    TERNLIGHT_ASSIGN(text, read_text_file(*path));
  } else if (text_option == "text" && args.flag("smoke")) {
    text = smoke_text(2000);
  }
  for (const Token token : tokenizer.encode(text, {.add_bos = false, .parse_special = true})) tokens.push_back(static_cast<uint16_t>(token));
  return tokens;
}

Status read_texts(const Args& args, TrainSettings& s) {
  s.tokenizer = train::byte_tokenizer();
  if (const auto path = args.option("tokenizer")) {
    TERNLIGHT_ASSIGN(gguf::Header header, read_header(*path));
    s.tokenizer = std::move(header.metadata);
  }
  TERNLIGHT_ASSIGN(const Tokenizer tokenizer, Tokenizer::create(s.tokenizer));
  if (tokenizer.vocab_size() > 65536) return error(ErrorCode::invalid_argument, "tokenizer: expected at most 65536 tokens, found " + std::to_string(tokenizer.vocab_size()));
  s.options.net.vocab_size = static_cast<uint32_t>(tokenizer.vocab_size());
  s.bos = tokenizer.adds_bos() ? tokenizer.bos().value_or(train::kNoTarget) : train::kNoTarget;
  for (uint32_t t = 0; t < s.options.net.vocab_size; t++) {
    s.token_bytes.push_back(static_cast<uint32_t>(tokenizer.bytes(static_cast<Token>(t), /*special=*/true).size()));
  }
  TERNLIGHT_ASSIGN(s.text, read_tokens(args, tokenizer, "text", "tokens"));
  TERNLIGHT_ASSIGN(s.validation, read_tokens(args, tokenizer, "validation-text", "validation-tokens"));
  if (s.validation.empty()) {
    const auto cut = s.text.end() - static_cast<std::ptrdiff_t>(s.text.size() / 20);
    s.validation.assign(cut, s.text.end());
    s.text.erase(cut, s.text.end());
  }
  if (s.text.size() <= s.options.net.context_length || s.text.size() > 0xFFFFFFFFu || s.validation.size() < 2) {
    return error(ErrorCode::invalid_argument, "expected --text, --tokens or --smoke of more than a context's tokens, found " +
                                                  std::to_string(s.text.size()) + " to train on and " + std::to_string(s.validation.size()) + " to validate");
  }
  return ok_status();
}

}  // namespace

std::vector<std::string> train_flags() { return {"json", "smoke", "no-sub-norms"}; }

std::vector<std::string> train_option_names() {
  return {"text", "validation-text", "tokens", "validation-tokens", "tokenizer", "layers", "dim", "heads", "kv-heads", "ffn", "context",
          "activation", "weights", "head", "float-steps", "steps", "warmup", "rate", "decay", "clip", "sequences", "seed", "validate-every",
          "validate-pieces", "checkpoint", "checkpoint-every", "stop-at", "curve", "out", "name", "license", "threads", "gemm", "expect-loss"};
}

Result<TrainSettings> read_train_settings(const Args& args) {
  TrainSettings s;
  TERNLIGHT_TRY(read_options(args, s.options));
  TERNLIGHT_ASSIGN(s.products, choose(args, "gemm", gemm_choices()));
  TERNLIGHT_ASSIGN(s.threads, args.count("threads", 1, 1, 256));
  TERNLIGHT_ASSIGN(s.validate_every, args.count("validate-every", 200, 1, 100'000'000));
  TERNLIGHT_ASSIGN(s.validate_pieces, args.count("validate-pieces", 64, 1, 100'000'000));
  TERNLIGHT_ASSIGN(s.checkpoint_every, args.count("checkpoint-every", 500, 1, 100'000'000));
  TERNLIGHT_ASSIGN(s.stop_at, args.count("stop-at", s.options.schedule.steps, 0, s.options.schedule.steps));
  if (args.option("expect-loss")) {
    TERNLIGHT_ASSIGN(s.expected_loss, args.number("expect-loss", 0, 0, 1000));
  }
  s.name = args.option_or("name", "ternlight-trained");
  s.license = args.option_or("license", "");
  s.checkpoint = args.option("checkpoint");
  s.curve = args.option("curve");
  s.out = args.option("out");
  TERNLIGHT_TRY(read_texts(args, s));
  TERNLIGHT_TRY(check(s.options));
  return s;
}

}  // namespace ternlight
