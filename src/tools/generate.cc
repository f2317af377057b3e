// ternlight generate: continues a prompt and prints the text as it comes, or one JSON document at the end.
#include <cstdio>

#include "base/clock.h"
#include "base/json.h"
#include "tools/args.h"
#include "tools/commands.h"
#include "tools/model_file.h"

namespace ternlight {
namespace {

struct Generation {
  std::vector<Token> tokens;
  std::string text;
  StopReason stop_reason = StopReason::none;
  uint32_t prompt_tokens = 0;
  double prefill_ms = 0;
  double decode_ms = 0;
};

Result<GenerateParams> read_params(const Args& args) {
  GenerateParams params;
  TERNLIGHT_ASSIGN(params.max_tokens, args.count("max-tokens", params.max_tokens, 1, 1u << 24));
  params.ignore_end_of_text = args.flag("ignore-end-of-text");
  params.collect_logits_hash = !args.flag("no-logits-hash");
  if (const auto stop = args.option("stop")) params.stop.push_back(*stop);
  Status status = ok_status();
  SamplerParams::visit(params.sampler, [&](auto& field, const FieldDoc& doc) {
    std::string option = doc.name;
    for (char& c : option) c = c == '_' ? '-' : c;
    Result<double> value = args.number(option, static_cast<double>(field), doc.min, doc.max);
    if (value.ok() && status.ok()) status = params.sampler.set(doc.name, *value);
    if (!value.ok() && status.ok()) status = value.status();
  });
  TERNLIGHT_TRY(status);
  return params;
}

std::vector<std::string> option_names() {
  std::vector<std::string> names = with_model_options({"prompt", "prompt-tokens", "max-tokens", "stop"});
  SamplerParams params;
  SamplerParams::visit(params, [&](auto&, const FieldDoc& doc) {
    std::string option = doc.name;
    for (char& c : option) c = c == '_' ? '-' : c;
    names.push_back(option);
  });
  return names;
}

Result<Generation> generate(Session& session, std::span<const Token> prompt, const GenerateParams& params, bool print) {
  Generation g;
  g.prompt_tokens = static_cast<uint32_t>(prompt.size());
  double mark = now_ms();
  TERNLIGHT_TRY(session.begin(prompt, params));
  while (true) {
    const Step step = session.step();
    const double now = now_ms();
    (step.kind == StepKind::prefill ? g.prefill_ms : g.decode_ms) += now - mark;
    mark = now;
    if (step.kind == StepKind::token) g.tokens.push_back(step.token);
    g.text += step.text;
    if (print) {
      fputs(step.text.c_str(), stdout);
      fflush(stdout);
    }
    if (step.kind != StepKind::stop) continue;
    g.stop_reason = step.stop_reason;
    return g;
  }
}

Status run(const Args& args, bool json) {
  TERNLIGHT_ASSIGN(const std::string path, args.positional("a model file"));
  TERNLIGHT_ASSIGN(const GenerateParams params, read_params(args));
  TERNLIGHT_ASSIGN(std::vector<Token> prompt, args.list("prompt-tokens"));
  const std::optional<std::string> text = args.option("prompt");
  if (text.has_value() == !prompt.empty()) {
    return error(ErrorCode::invalid_argument, "expected one of --prompt and --prompt-tokens");
  }
  TERNLIGHT_ASSIGN(OpenModel open, open_model(path, args));
  if (text) prompt = open.model.tokenizer().encode(*text);
  TERNLIGHT_ASSIGN(Session session, Session::create(*open.engine, open.model, open.session));
  TERNLIGHT_ASSIGN(const Generation g, generate(session, prompt, params, !json));

  const double prefill_rate = g.prefill_ms > 0 ? 1000.0 * g.prompt_tokens / g.prefill_ms : 0;
  const double decode_rate = g.decode_ms > 0 ? 1000.0 * static_cast<double>(g.tokens.size()) / g.decode_ms : 0;
  if (!json) {
    fprintf(stderr, "\n[%s; load %.0f ms, prefill %.1f tokens/s, decode %.1f tokens/s]\n", name(g.stop_reason), open.load_ms,
            prefill_rate, decode_rate);
    return ok_status();
  }
  JsonWriter w;
  w.begin_object().key("tokens").begin_array();
  for (const Token token : g.tokens) w.value(token);
  w.end_array().field("text", g.text).field("stop_reason", name(g.stop_reason));
  if (params.collect_logits_hash) {
    char hash[17];
    snprintf(hash, sizeof(hash), "%016llx", static_cast<unsigned long long>(session.logits_hash()));
    w.field("logits_hash", hash);
  }
  w.field("prompt_tokens", g.prompt_tokens).field("isa", name(open.engine->isa())).field("threads", open.engine->threads());
  w.key("timings").begin_object().field("load_ms", open.load_ms).field("prefill_tokens_per_s", prefill_rate);
  w.field("decode_tokens_per_s", decode_rate).end_object();
  w.key("memory").begin_object().field("weights_bytes", open.model.info().resident_bytes);
  w.field("kv_bytes", session.kv_bytes()).field("scratch_bytes", session.scratch_bytes()).end_object().end_object();
  printf("%s\n", w.text().c_str());
  return ok_status();
}

}  // namespace

int generate_main(int argc, char** argv) {
  const Result<Args> args = Args::parse(argc, argv, {"json", "ignore-end-of-text", "no-logits-hash"}, option_names());
  if (!args.ok()) return report(args.status(), false);
  const bool json = args->flag("json");
  const Status status = run(*args, json);
  return status.ok() ? 0 : report(status, json);
}

}  // namespace ternlight
