#include "tools/model_file.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/clock.h"
#include "gguf/reader.h"
#include "gguf/split.h"
#include "tools/choice.h"

namespace ternlight {
namespace {

class File {
 public:
  static Result<File> open(const std::string& path) {
    File file;
    file.handle_.reset(fopen(path.c_str(), "rb"));
    if (!file.handle_ || fseeko(file.handle_.get(), 0, SEEK_END) != 0) {
      return error(ErrorCode::invalid_argument, "cannot read " + path + ": " + strerror(errno));
    }
    file.size_ = static_cast<uint64_t>(ftello(file.handle_.get()));
    rewind(file.handle_.get());
    return file;
  }
  uint64_t size() const { return size_; }
  size_t read(std::span<uint8_t> to) { return fread(to.data(), 1, to.size(), handle_.get()); }

 private:
  struct Close {
    void operator()(FILE* f) const { fclose(f); }
  };
  std::unique_ptr<FILE, Close> handle_;
  uint64_t size_ = 0;
};

constexpr Choice<HeadFormat> kHeads[] = {{"auto", HeadFormat::automatic}, {"file", HeadFormat::file}, {"f16", HeadFormat::f16},
                                         {"int8", HeadFormat::int8}, {"q6_k", HeadFormat::q6_k}};
constexpr Choice<KvFormat> kKvs[] = {{"f16", KvFormat::f16}, {"f32", KvFormat::f32}, {"int8", KvFormat::int8}};
constexpr Choice<Zeros> kZeros[] = {{"skip", Zeros::skip}, {"read", Zeros::read}};
constexpr Choice<I2sPacking> kI2sPackings[] = {{"auto", I2sPacking::automatic}, {"128x32", I2sPacking::blocks_128},
                                               {"64x16", I2sPacking::blocks_64}, {"4row", I2sPacking::four_rows}};
constexpr Choice<Isa> kIsas[] = {{"best", Isa::relaxed_simd}, {"scalar", Isa::scalar}, {"simd128", Isa::simd128},
                                 {"relaxed_simd", Isa::relaxed_simd}};

Result<gguf::Header> read_header(File& file) {
  gguf::Reader reader(file.size());
  std::vector<uint8_t> buffer(size_t{1} << 16);
  while (!reader.complete()) {
    const size_t n = file.read(buffer);
    if (n == 0) break;
    TERNLIGHT_ASSIGN([[maybe_unused]] const size_t used, reader.feed(std::span<const uint8_t>(buffer).first(n)));
  }
  TERNLIGHT_TRY(reader.finish());
  return reader.take_header();
}

// The file, or all parts of a split one where `path` is the first.
Result<std::vector<File>> open_parts(const std::string& path) {
  std::vector<File> files;
  for (const std::string& name : gguf::part_file_names(path)) {
    TERNLIGHT_ASSIGN(File file, File::open(name));
    files.push_back(std::move(file));
  }
  return files;
}

}  // namespace

std::vector<std::string> with_model_options(std::vector<std::string> own) {
  own.insert(own.end(), {"threads", "isa", "kernel", "head", "context", "kv", "zeros", "i2s-layout"});
  return own;
}

Result<OpenModel> open_model(const std::string& path, const Args& args) {
  TERNLIGHT_ASSIGN(const uint32_t threads, args.count("threads", 1, 1, 256));
  return open_model(path, args, threads);
}

Result<OpenModel> open_model(const std::string& path, const Args& args, size_t threads) {
  const double start = now_ms();
  EngineOptions engine_options;
  engine_options.threads = threads;
  TERNLIGHT_ASSIGN(engine_options.isa, choose(args, "isa", kIsas));
  SessionOptions session;
  TERNLIGHT_ASSIGN(session.kv, choose(args, "kv", kKvs));
  TERNLIGHT_ASSIGN(session.context_length, args.count("context", 0, 0, 1u << 24));
  LoadOptions load;
  TERNLIGHT_ASSIGN(load.head, choose(args, "head", kHeads));
  TERNLIGHT_ASSIGN(load.zeros, choose(args, "zeros", kZeros));
  TERNLIGHT_ASSIGN(load.i2s_packing, choose(args, "i2s-layout", kI2sPackings));
  TERNLIGHT_ASSIGN(std::vector<File> files, open_parts(path));
  load.file_sizes.clear();
  for (const File& file : files) load.file_sizes.push_back(file.size());

  auto engine = std::make_unique<Engine>(engine_options);
  TERNLIGHT_TRY(engine->use_kernel(args.option_or("kernel", "auto")));
  ModelLoader loader(*engine, load);
  for (std::span<uint8_t> slot = loader.reserve(); !slot.empty(); slot = loader.reserve()) {
    const size_t n = files[loader.part()].read(slot);
    if (n == 0) break;
    TERNLIGHT_TRY(loader.commit(n));
  }
  TERNLIGHT_ASSIGN(Model model, loader.finish());
  return OpenModel{std::move(engine), std::move(model), session, now_ms() - start};
}

Result<gguf::Header> read_header(const std::string& path) {
  TERNLIGHT_ASSIGN(std::vector<File> files, open_parts(path));
  gguf::PartJoiner joiner(files.size());
  for (File& file : files) {
    TERNLIGHT_ASSIGN(gguf::Header header, read_header(file));
    if (files.size() == 1) return header;  // a part by itself is shown as it is
    TERNLIGHT_TRY(joiner.add(std::move(header)));
  }
  return joiner.finish();
}

Result<std::string> read_text_file(const std::string& path) {
  TERNLIGHT_ASSIGN(File file, File::open(path));
  std::string text(static_cast<size_t>(file.size()), 0);
  text.resize(file.read({reinterpret_cast<uint8_t*>(text.data()), text.size()}));
  return text;
}

}  // namespace ternlight
