// ternlight stories: text to train a storyteller on, made by a grammar (src/stories).
#include <cstdio>
#include <string>

#include "base/fnv1a.h"
#include "base/json.h"
#include "stories/generator.h"
#include "tools/args.h"
#include "tools/choice.h"
#include "tools/commands.h"
#include "tools/out_file.h"

namespace ternlight {
namespace {

constexpr Choice<stories::Split> kSplits[] = {{"train", stories::Split::train}, {"test", stories::Split::test}};
constexpr Choice<stories::Content> kContents[] = {{"all", stories::Content::all}, {"recall", stories::Content::recall}, {"questions", stories::Content::questions}};

Status run(const Args& args, bool json) {
  TERNLIGHT_ASSIGN(const uint32_t seed, args.count("seed", 1, 0, 0xFFFFFFFF));
  TERNLIGHT_ASSIGN(const uint32_t count, args.count("count", 10, 1, 100'000'000));
  TERNLIGHT_ASSIGN(const stories::Split split, choose(args, "split", kSplits));
  TERNLIGHT_ASSIGN(const stories::Content content, choose(args, "content", kContents));
  const std::string path = args.option_or("out", "");
  if (path.empty()) return error(ErrorCode::invalid_argument, "expected --out FILE");

  OutFile out(path);
  const stories::Generator generator(seed, split, content);
  uint64_t bytes = 0, hash = kFnv1aBasis;
  for (uint32_t i = 0; i < count; ++i) {
    const std::string text = generator.document(i).text();
    TERNLIGHT_TRY(out.write(text.data(), text.size()));
    bytes += text.size();
    hash = fnv1a(text, hash);
  }
  TERNLIGHT_TRY(out.close());

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
  const Result<Args> args = Args::parse(argc, argv, {"json"}, {"seed", "count", "split", "content", "out"});
  if (!args.ok()) return report(args.status(), false);
  const bool json = args->flag("json");
  const Status status = run(*args, json);
  return status.ok() ? 0 : report(status, json);
}

}  // namespace ternlight
