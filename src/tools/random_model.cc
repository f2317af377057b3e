// ternlight random-model: writes a model of random weights.
#include "tools/random_model.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/json.h"
#include "tools/args.h"
#include "tools/choice.h"
#include "tools/commands.h"

namespace ternlight {
namespace {

Result<RandomModelSpec> read_spec(const Args& args) {
  using enum gguf::TypeId;
  static constexpr Choice<gguf::TypeId> kTypes[] = {{"i2_s", i2_s}, {"tq1_0", tq1_0}, {"tq2_0", tq2_0}};
  static constexpr Choice<gguf::TypeId> kHeads[] = {{"f16", f16}, {"q6_k", q6_k}, {"q8_0", q8_0}};
  static constexpr Choice<const char*> kShapes[] = {
      {"tiny", "tiny"}, {"storyteller", "storyteller"}, {"small-llama", "small-llama"}, {"2b4t", "2b4t"}};
  static constexpr Choice<const char*> kArchitectures[] = {
      {"bitnet-b1.58", "bitnet-b1.58"}, {"bitnet", "bitnet"}, {"bitnet-25", "bitnet-25"}, {"llama", "llama"}};
  RandomModelSpec spec;
  TERNLIGHT_ASSIGN(spec.shape, choose(args, "shape", kShapes));
  TERNLIGHT_ASSIGN(spec.type, choose(args, "type", kTypes));
  TERNLIGHT_ASSIGN(spec.head, choose(args, "head", kHeads));
  TERNLIGHT_ASSIGN(spec.architecture, choose(args, "arch", kArchitectures));
  if (!args.option("arch") && spec.shape == "small-llama") spec.architecture = "llama";
  static constexpr Choice<I2sPacking> kPackings[] = {
      {"128x32", I2sPacking::blocks_128}, {"64x16", I2sPacking::blocks_64}, {"4row", I2sPacking::four_rows}};
  TERNLIGHT_ASSIGN(spec.packing, choose(args, "i2s-layout", kPackings));
  TERNLIGHT_ASSIGN(spec.layers, args.count("layers", 0, 1, 1024));
  TERNLIGHT_ASSIGN(spec.seed, args.count("seed", 1, 0, 0xFFFFFFFFu));
  TERNLIGHT_ASSIGN(spec.zero_gates, args.number("zero-gates", 0, 0, 0.9));
  if (spec.zero_gates > 0 && spec.architecture != "bitnet-b1.58" && spec.architecture != "bitnet-25") {
    return error(ErrorCode::invalid_argument, "option --zero-gates: expected an architecture with squared ReLU, "
                                              "bitnet-b1.58 or bitnet-25, found " + spec.architecture);
  }
  spec.like_microsoft = args.flag("like-microsoft");
  return spec;
}

Status run(const Args& args, bool json) {
  TERNLIGHT_ASSIGN(const RandomModelSpec spec, read_spec(args));
  const std::optional<std::string> path = args.option("out");
  if (!path)
    return error(ErrorCode::invalid_argument, "option --out: expected the file to write, found nothing");

  const auto failed = [&] {
    return error(ErrorCode::invalid_argument, "cannot write " + *path + ": " + strerror(errno));
  };
  FILE* file = fopen(path->c_str(), "wb");
  if (file == nullptr) return failed();
  Result<RandomModelStats> stats = write_random_model(spec, [&](std::span<const uint8_t> bytes) {
    return fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size() ? ok_status() : failed();
  });
  const bool closed = fclose(file) == 0;
  if (!stats.ok() || !closed) {
    const Status status = stats.ok() ? failed() : stats.status();
    // half a model would only look like one; but devices are not ours to remove
    if (struct stat info; stat(path->c_str(), &info) == 0 && S_ISREG(info.st_mode)) remove(path->c_str());
    return status;
  }
  if (json) {
    JsonWriter w;
    w.begin_object().field("file", *path).field("bytes", stats->bytes).field("parameters", stats->parameters);
    printf("%s\n", w.end_object().text().c_str());
  } else {
    printf("%s: %.2f MB, %.2f million parameters\n", path->c_str(), static_cast<double>(stats->bytes) / 1e6,
           static_cast<double>(stats->parameters) / 1e6);
  }
  return ok_status();
}

}  // namespace

int random_model_main(int argc, char** argv) {
  const Result<Args> args =
      Args::parse(argc, argv, {"json", "like-microsoft"}, {"shape", "type", "head", "arch", "seed", "zero-gates", "layers", "i2s-layout", "out"});
  if (!args.ok()) return report(args.status(), false);
  const bool json = args->flag("json");
  const Status status = run(*args, json);
  return status.ok() ? 0 : report(status, json);
}

}  // namespace ternlight
