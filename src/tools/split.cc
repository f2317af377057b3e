// ternlight split: writes a model as several files, as other tools split large ones.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "gguf/split.h"
#include "tools/args.h"
#include "tools/commands.h"
#include "tools/model_file.h"
#include "tools/out_file.h"

namespace ternlight {
namespace {

using Tensors = std::vector<const gguf::TensorInfo*>;

// In file order, in parts of about the same size; the first one empty where that is wanted.
std::vector<Tensors> share_out(const gguf::Header& header, size_t parts, bool empty_first) {
  uint64_t total = 0, before = 0;
  for (const gguf::TensorInfo& t : header.tensors) total += t.bytes;
  std::vector<Tensors> result(parts);
  const size_t filled = empty_first ? parts - 1 : parts;
  for (const gguf::TensorInfo& t : header.tensors) {
    result[parts - filled + static_cast<size_t>(before * filled / std::max<uint64_t>(1, total))].push_back(&t);
    before += t.bytes;
  }
  return result;
}

// Copies `bytes` from `offset` of the model on.
Status copy(FILE* model, uint64_t offset, uint64_t bytes, OutFile& out) {
  std::vector<char> buffer(size_t{1} << 20);
  fseeko(model, static_cast<off_t>(offset), SEEK_SET);
  while (bytes > 0) {
    const auto n = static_cast<size_t>(std::min<uint64_t>(bytes, buffer.size()));
    if (fread(buffer.data(), 1, n, model) != n) return error(ErrorCode::truncated, "the model ends inside a tensor");
    TERNLIGHT_TRY(out.write(buffer.data(), n));
    bytes -= n;
  }
  return ok_status();
}

Status write_part(FILE* model, const gguf::Header& header, const std::string& pairs, const Tensors& tensors, size_t part, size_t parts,
                  const std::string& path) {
  const gguf::Writer writer = gguf::part_writer(header, pairs, tensors, part, parts);
  TERNLIGHT_ASSIGN(const std::string bytes, writer.header());
  OutFile out(path);
  TERNLIGHT_TRY(out.write(bytes.data(), bytes.size()));
  const std::string zeros(header.alignment, '\0');
  for (const gguf::TensorInfo* t : tensors) {
    TERNLIGHT_TRY(copy(model, header.data_offset + t->offset, t->bytes, out));
    TERNLIGHT_TRY(out.write(zeros.data(), static_cast<size_t>(writer.padding(t->bytes))));
  }
  return out.close();
}

Status run(const Args& args, bool json) {
  TERNLIGHT_ASSIGN(const std::string path, args.positional("a model file"));
  TERNLIGHT_ASSIGN(const uint32_t parts, args.count("parts", 2, 2, 65535));
  const std::optional<std::string> prefix = args.option("out");
  if (!prefix) return error(ErrorCode::invalid_argument, "option --out: expected the first part of the files' names, found nothing");
  TERNLIGHT_ASSIGN(const gguf::Header header, read_header(path));
  if (header.metadata.find("split.count") != nullptr) {
    return error(ErrorCode::invalid_argument, path + ": expected a model in one file, found a part of a split one");
  }
  const std::unique_ptr<FILE, int (*)(FILE*)> model(fopen(path.c_str(), "rb"), fclose);
  if (model == nullptr) return error(ErrorCode::invalid_argument, "cannot read " + path);
  std::string pairs(static_cast<size_t>(header.metadata_end - gguf::kMetadataStart), '\0');
  fseeko(model.get(), gguf::kMetadataStart, SEEK_SET);
  if (fread(pairs.data(), 1, pairs.size(), model.get()) != pairs.size()) return error(ErrorCode::truncated, "the model ends inside its header");
  const std::vector<Tensors> shares = share_out(header, parts, args.flag("empty-first"));
  JsonWriter w;
  w.begin_object().key("files").begin_array();
  for (size_t i = 0; i < parts; i++) {
    const std::string name = gguf::part_file_name(*prefix, i, parts);
    TERNLIGHT_TRY(write_part(model.get(), header, pairs, shares[i], i, parts, name));
    w.value(name);
    if (!json) printf("%s: %zu tensors\n", name.c_str(), shares[i].size());
  }
  if (json) printf("%s\n", w.end_array().end_object().text().c_str());
  return ok_status();
}

}  // namespace

int split_main(int argc, char** argv) {
  const Result<Args> args = Args::parse(argc, argv, {"json", "empty-first"}, {"parts", "out"});
  if (!args.ok()) return report(args.status(), false);
  const bool json = args->flag("json");
  const Status status = run(*args, json);
  return status.ok() ? 0 : report(status, json);
}

}  // namespace ternlight
