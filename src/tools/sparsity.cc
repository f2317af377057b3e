// ternlight sparsity: how much of the feed-forward blocks is exactly zero, so that it need not be read.
#include <algorithm>
#include <cstdio>

#include "base/json.h"
#include "base/rng.h"
#include "tools/args.h"
#include "tools/commands.h"
#include "tools/model_file.h"

namespace ternlight {
namespace {

// Of one layer, or of all of them together; all are shares of the feed-forward's channels.
struct Shares {
  double zero_gates, zero_inputs;  // gate <= 0; int8 input of `down` is 0
  double up_rows, down_columns;    // that need reading

  Shares(const ZeroCounts& counts, const ZeroCounts::Layer& layer) {
    const auto channels = static_cast<double>(layer.channels);
    zero_gates = static_cast<double>(layer.gates) / channels;
    zero_inputs = static_cast<double>(layer.down_zeros) / channels;
    up_rows = counts.gates_decide ? 1 - zero_gates : 1;
    down_columns = 1 - zero_inputs;
  }
};

Result<std::vector<Token>> read_tokens(const Args& args, const Model& model, uint32_t random) {
  TERNLIGHT_ASSIGN(const uint32_t limit, args.count("max-tokens", 0, 0, 1u << 30));
  std::vector<Token> tokens(random);
  Rng rng(1);
  for (Token& t : tokens) t = static_cast<Token>(rng.next_below(model.info().vocab_size));
  if (const std::optional<std::string> path = args.option("text-file")) {
    TERNLIGHT_ASSIGN(const std::string text, read_text_file(*path));
    const Tokenizer& tokenizer = model.tokenizer();
    tokens = tokenizer.encode(text, {.add_bos = tokenizer.adds_bos(), .parse_special = true});
    if (tokens.empty()) return error(ErrorCode::invalid_argument, *path + ": expected at least one token of text");
  }
  if (limit > 0 && tokens.size() > limit) tokens.resize(limit);
  return tokens;
}

// One by one, as decoding does; a fresh start whenever the context is full.
Result<ZeroCounts> count(OpenModel& open, std::span<const Token> tokens) {
  ZeroCounts counts;
  SessionOptions options = open.session;
  options.prefill_chunk = 1;
  options.zero_counts = &counts;
  TERNLIGHT_ASSIGN(Session session, Session::create(*open.engine, open.model, options));
  for (size_t done = 0; done < tokens.size();) {
    const size_t n = std::min<size_t>(session.context_length(), tokens.size() - done);
    TERNLIGHT_TRY(session.evaluate(tokens.subspan(done, n), [](size_t, std::span<const float>) {}));
    done += n;
  }
  return counts;
}

Status run(const Args& args, bool json) {
  TERNLIGHT_ASSIGN(const std::string path, args.positional("a model file"));
  TERNLIGHT_ASSIGN(const uint32_t random, args.count("random", 0, 1, 1u << 30));
  if (args.option("text-file").has_value() == (random > 0)) {
    return error(ErrorCode::invalid_argument,
                 std::string("expected --text-file or --random, found ") + (random > 0 ? "both" : "neither"));
  }
  TERNLIGHT_ASSIGN(OpenModel open, open_model(path, args));
  const ModelInfo& info = open.model.info();
  const uint64_t attention = 2 * uint64_t{info.dim} * info.head_dim * (info.heads + info.kv_heads);
  const uint64_t matrix = uint64_t{info.dim} * info.ffn_dim;  // gate, up and down are one each
  const uint64_t body = info.layers * (attention + 3 * matrix);
  if (info.ternary_parameters != body) {
    return error(ErrorCode::invalid_argument, path + ": expected " + std::to_string(body) +
                                                  " ternary weights, all that its layers hold, found " +
                                                  std::to_string(info.ternary_parameters));
  }
  TERNLIGHT_ASSIGN(const std::vector<Token> tokens, read_tokens(args, open.model, random));
  TERNLIGHT_ASSIGN(const ZeroCounts counts, count(open, tokens));

  JsonWriter w;
  const auto write = [&](const char* label, const Shares& s) {
    w.field("zero_gates", s.zero_gates).field("zero_down_inputs", s.zero_inputs);
    w.field("up_rows_read", s.up_rows).field("down_columns_read", s.down_columns);
    if (json) return;
    printf("%-6s gates <= 0 %5.1f %%   zeros into down %5.1f %%   to be read: up %5.1f %% of rows, down %5.1f %% of columns\n",
           label, 100 * s.zero_gates, 100 * s.zero_inputs, 100 * s.up_rows, 100 * s.down_columns);
  };
  w.begin_object().field("model", path).field("tokens", tokens.size()).key("layers").begin_array();
  ZeroCounts::Layer all;
  for (size_t i = 0; i < counts.layers.size(); i++) {
    const ZeroCounts::Layer& layer = counts.layers[i];
    all.channels += layer.channels;
    all.gates += layer.gates;
    all.down_zeros += layer.down_zeros;
    w.begin_object();
    write(std::to_string(i).c_str(), Shares(counts, layer));
    w.end_object();
  }
  const Shares mean(counts, all);
  w.end_array().key("mean").begin_object();
  write("mean", mean);
  w.end_object();

  const auto skipped = static_cast<uint64_t>((2 - mean.up_rows - mean.down_columns) * static_cast<double>(info.layers * matrix));
  const double share = static_cast<double>(skipped) / static_cast<double>(body);
  w.field("body_bytes", body / 4).field("skippable_bytes", skipped / 4).field("skippable_share", share).end_object();
  if (json) {
    printf("%s\n", w.text().c_str());
  } else {
    printf("over %zu tokens; need not be read: %.2f of the ternary body's %.2f MB (%.1f %%)\n", tokens.size(),
           static_cast<double>(skipped) / 4e6, static_cast<double>(body) / 4e6, 100 * share);
  }
  return ok_status();
}

}  // namespace

int sparsity_main(int argc, char** argv) {
  const Result<Args> args = Args::parse(argc, argv, {"json"}, with_model_options({"text-file", "random", "max-tokens"}));
  if (!args.ok()) return report(args.status(), false);
  const Status status = run(*args, args->flag("json"));
  return status.ok() ? 0 : report(status, args->flag("json"));
}

}  // namespace ternlight
