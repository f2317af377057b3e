// ternlight logits: the raw scores of every vocabulary entry after a prompt; perplexity: how well a text is predicted.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/json.h"
#include "tools/args.h"
#include "tools/commands.h"
#include "tools/model_file.h"

namespace ternlight {
namespace {

Status run_logits(const Args& args) {
  TERNLIGHT_ASSIGN(const std::string path, args.positional("a model file"));
  TERNLIGHT_ASSIGN(const std::vector<Token> prompt, args.list("prompt-tokens"));
  TERNLIGHT_ASSIGN(OpenModel open, open_model(path, args));
  TERNLIGHT_ASSIGN(Session session, Session::create(*open.engine, open.model, open.session));
  const bool all = args.flag("all");
  JsonWriter w;
  w.begin_object().field("vocab", open.model.info().vocab_size).key("logits").begin_array();
  TERNLIGHT_TRY(session.evaluate(prompt, [&](size_t position, std::span<const float> logits) {
    if (!all && position + 1 < prompt.size()) return;
    w.begin_array();
    for (const float x : logits) w.value(x);
    w.end_array();
  }));
  w.end_array().end_object();
  printf("%s\n", w.text().c_str());
  return ok_status();
}

// -log softmax(logits)[token], in double.
double negative_log_likelihood(std::span<const float> logits, Token token) {
  const double max = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float x : logits) sum += std::exp(static_cast<double>(x) - max);
  return max + std::log(sum) - static_cast<double>(logits[static_cast<size_t>(token)]);
}

// The text is cut into windows of the context length; each starts with bos where the model has one, and its first token
// is not scored.
Status run_perplexity(const Args& args, bool json) {
  TERNLIGHT_ASSIGN(const std::string path, args.positional("a model file"));
  const std::optional<std::string> text_file = args.option("text-file");
  if (!text_file) return error(ErrorCode::invalid_argument, "expected --text-file, found none");
  TERNLIGHT_ASSIGN(const std::string text, read_text_file(*text_file));
  TERNLIGHT_ASSIGN(const uint32_t limit, args.count("max-tokens", 0, 0, 1u << 30));
  TERNLIGHT_ASSIGN(OpenModel open, open_model(path, args));
  TERNLIGHT_ASSIGN(Session session, Session::create(*open.engine, open.model, open.session));
  const Tokenizer& tokenizer = open.model.tokenizer();
  std::vector<Token> tokens = tokenizer.encode(text, {.add_bos = false, .parse_special = true});
  if (limit > 0 && tokens.size() > limit) tokens.resize(limit);

  const size_t window = session.context_length() - 1;
  double sum = 0;
  size_t scored = 0, bytes = 0;
  for (size_t start = 0; start < tokens.size(); start += window) {
    std::vector<Token> part;
    if (const auto bos = tokenizer.bos(); bos && tokenizer.adds_bos()) part.push_back(*bos);
    part.insert(part.end(), tokens.begin() + static_cast<std::ptrdiff_t>(start),
                tokens.begin() + static_cast<std::ptrdiff_t>(std::min(tokens.size(), start + window)));
    if (part.size() > session.context_length()) part.resize(session.context_length());
    TERNLIGHT_TRY(session.evaluate(part, [&](size_t position, std::span<const float> logits) {
      if (position + 1 >= part.size()) return;
      sum += negative_log_likelihood(logits, part[position + 1]);
      scored++;
      bytes += tokenizer.bytes(part[position + 1], /*special=*/true).size();
    }));
  }
  if (scored == 0) return error(ErrorCode::invalid_argument, *text_file + ": expected at least two tokens of text");
  const double mean = sum / static_cast<double>(scored);
  const double bits_per_byte = sum / std::log(2.0) / static_cast<double>(bytes);
  if (!json) {
    printf("perplexity %.4f (%.4f nats per token over %zu tokens, %.4f bits per byte)\n", std::exp(mean), mean, scored,
           bits_per_byte);
    return ok_status();
  }
  JsonWriter w;
  w.begin_object().field("perplexity", std::exp(mean)).field("nats_per_token", mean).field("tokens", scored);
  w.field("text_bytes", bytes).field("bits_per_byte", bits_per_byte).end_object();
  printf("%s\n", w.text().c_str());
  return ok_status();
}

}  // namespace

int logits_main(int argc, char** argv) {
  const Result<Args> args = Args::parse(argc, argv, {"json", "all"}, with_model_options({"prompt-tokens"}));
  if (!args.ok()) return report(args.status(), false);
  const Status status = run_logits(*args);
  return status.ok() ? 0 : report(status, args->flag("json"));
}

int perplexity_main(int argc, char** argv) {
  const Result<Args> args = Args::parse(argc, argv, {"json"}, with_model_options({"text-file", "max-tokens"}));
  if (!args.ok()) return report(args.status(), false);
  const Status status = run_perplexity(*args, args->flag("json"));
  return status.ok() ? 0 : report(status, args->flag("json"));
}

}  // namespace ternlight
