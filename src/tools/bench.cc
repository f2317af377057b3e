// ternlight bench: tokens per second of prefill and decode, end to end, as medians over several runs.
#include <algorithm>
#include <cstdio>

#include "base/clock.h"
#include "base/json.h"
#include "base/rng.h"
#include "tools/args.h"
#include "tools/commands.h"
#include "tools/model_file.h"

namespace ternlight {
namespace {

struct BenchRow {
  size_t threads;
  double load_ms;
  std::vector<double> prefill_rates, decode_rates;  // tokens per second, of each run
  uint64_t logits_hash;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void write_list(JsonWriter& w, const char* key, const std::vector<double>& values) {
  w.key(key).begin_array();
  for (const double value : values) w.value(value);
  w.end_array();
}

Result<BenchRow> bench(const std::string& path, const Args& args, size_t threads, uint32_t prefill, uint32_t decode, uint32_t runs) {
  TERNLIGHT_ASSIGN(OpenModel open, open_model(path, args, threads));
  TERNLIGHT_ASSIGN(Session session, Session::create(*open.engine, open.model, open.session));
  GenerateParams params;
  params.max_tokens = decode;
  params.ignore_end_of_text = true;
  params.sampler.temperature = 0;
  Rng rng(1);
  std::vector<Token> prompt(prefill);
  for (Token& t : prompt) t = static_cast<Token>(rng.next_below(open.model.info().vocab_size));

  // A run that is not timed: it warms up, and hashes the logits, which takes about as long as reading 2 % of 2B4T's weights.
  params.collect_logits_hash = true;
  TERNLIGHT_TRY(session.begin(prompt, params));
  while (session.step().kind != StepKind::stop) {
  }
  const uint64_t logits_hash = session.logits_hash();
  params.collect_logits_hash = false;

  std::vector<double> prefill_rates, decode_rates;
  for (uint32_t run = 0; run < runs; run++) {
    session.reset();
    const double start = now_ms();
    TERNLIGHT_TRY(session.begin(prompt, params));
    Step step = session.step();
    double prefilled = now_ms();
    for (; step.kind == StepKind::prefill; step = session.step()) prefilled = now_ms();
    // `step` was the first token: sampled from the prompt's logits, so timing starts behind it.
    const double first = now_ms();
    uint32_t decoded = 0;
    for (step = session.step(); step.kind == StepKind::token; step = session.step()) decoded++;
    prefill_rates.push_back(1000.0 * prefill / (prefilled - start));
    decode_rates.push_back(1000.0 * decoded / (now_ms() - first));
  }
  return BenchRow{threads, open.load_ms, prefill_rates, decode_rates, logits_hash};
}

Status run(const Args& args, bool json) {
  TERNLIGHT_ASSIGN(const std::string path, args.positional("a model file"));
  TERNLIGHT_ASSIGN(const uint32_t prefill, args.count("prefill", 128, 1, 1u << 20));
  TERNLIGHT_ASSIGN(const uint32_t decode, args.count("decode", 64, 2, 1u << 20));
  TERNLIGHT_ASSIGN(const uint32_t runs, args.count("runs", 3, 1, 1000));
  TERNLIGHT_ASSIGN(std::vector<int32_t> threads, args.list("threads"));
  if (threads.empty()) threads = {1};
  JsonWriter w;
  w.begin_object().field("model", path).field("prefill", prefill).field("decode", decode).field("runs", runs);
  w.key("results").begin_array();
  for (const int32_t n : threads) {
    if (n < 1 || n > 256) return error(ErrorCode::invalid_argument, "option --threads: expected 1 to 256, found " + std::to_string(n));
    TERNLIGHT_ASSIGN(const BenchRow row, bench(path, args, static_cast<size_t>(n), prefill, decode, runs));
    char hash[17];
    snprintf(hash, sizeof(hash), "%016llx", static_cast<unsigned long long>(row.logits_hash));
    w.begin_object().field("threads", row.threads).field("load_ms", row.load_ms);
    const double prefill_rate = median(row.prefill_rates), decode_rate = median(row.decode_rates);
    w.field("prefill_tokens_per_s", prefill_rate).field("decode_tokens_per_s", decode_rate);
    write_list(w, "prefill_samples", row.prefill_rates);
    write_list(w, "decode_samples", row.decode_rates);
    w.field("logits_hash", hash).end_object();
    if (!json) {
      printf("%zu threads: load %.0f ms, prefill %.1f tokens/s, decode %.1f tokens/s, logits %s\n", row.threads, row.load_ms,
             prefill_rate, decode_rate, hash);
    }
  }
  w.end_array().end_object();
  if (json) printf("%s\n", w.text().c_str());
  return ok_status();
}

}  // namespace

int bench_main(int argc, char** argv) {
  const Result<Args> args = Args::parse(argc, argv, {"json"}, with_model_options({"prefill", "decode", "runs"}));
  if (!args.ok()) return report(args.status(), false);
  const Status status = run(*args, args->flag("json"));
  return status.ok() ? 0 : report(status, args->flag("json"));
}

}  // namespace ternlight
