// ternlight stories: text to train a storyteller on, made by a grammar (src/stories).
#include <cstdio>
#include <string>

#include "base/json.h"
#include "stories/generator.h"
#include "tools/args.h"
#include "tools/commands.h"

namespace ternlight {
namespace {

Result<stories::Split> split_of(const std::string& name) {
  if (name == "train") return stories::Split::train;
  if (name == "test") return stories::Split::test;
  return error(ErrorCode::invalid_argument, "option --split: expected train or test, found " + name);
}

Status run(const Args& args, bool json) {
  TERNLIGHT_ASSIGN(const uint32_t seed, args.count("seed", 1, 0, 0xFFFFFFFF));
  TERNLIGHT_ASSIGN(const uint32_t count, args.count("count", 10, 1, 100'000'000));
  TERNLIGHT_ASSIGN(const stories::Split split, split_of(args.option_or("split", "train")));
  const std::string path = args.option_or("out", "");
  if (path.empty()) return error(ErrorCode::invalid_argument, "expected --out FILE");
  FILE* file = fopen(path.c_str(), "wb");
  if (file == nullptr) return error(ErrorCode::invalid_argument, "cannot write " + path);

  const stories::Generator generator(seed, split);
  uint64_t bytes = 0, hash = stories::hash("");
  bool written = true;
  for (uint32_t i = 0; i < count && written; ++i) {
    const std::string text = generator.document(i).text();
    written = fwrite(text.data(), 1, text.size(), file) == text.size();
    bytes += text.size();
    hash = stories::hash(text, hash);
  }
  written = fclose(file) == 0 && written;
  if (!written) return error(ErrorCode::invalid_argument, "cannot write " + path);

  char fingerprint[17];
  snprintf(fingerprint, sizeof fingerprint, "%016llx", static_cast<unsigned long long>(hash));
  JsonWriter w;
  w.begin_object().field("documents", count).field("bytes", bytes).field("fnv1a", fingerprint).end_object();
  if (json) printf("%s\n", w.text().c_str());
  else printf("%u documents, %llu bytes, FNV-1a %s\n", count, static_cast<unsigned long long>(bytes), fingerprint);
  return ok_status();
}

}  // namespace

int stories_main(int argc, char** argv) {
  const Result<Args> args = Args::parse(argc, argv, {"json"}, {"seed", "count", "split", "out"});
  if (!args.ok()) return report(args.status(), false);
  const bool json = args->flag("json");
  const Status status = run(*args, json);
  return status.ok() ? 0 : report(status, json);
}

}  // namespace ternlight
