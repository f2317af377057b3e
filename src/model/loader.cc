#include "model/loader.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "gguf/reader.h"
#include "gguf/split.h"
#include "model/arch.h"
#include "model/i2_s_evidence.h"
#include "model/schema.h"
#include "model/tensor_plan.h"
#include "model/tensor_writer.h"

namespace ternlight {
namespace {

bool is_i2_s(const TensorPlan& plan) { return plan.format->type == gguf::TypeId::i2_s; }

}  // namespace

struct WeightLoader::Impl {
  Impl(const Compute& c, const WeightLoaderOptions& o)
      : compute(c), options(o), parts(o.file_sizes.size()), joiner(o.file_sizes.size()), spare(size_t{64} << 10) {
    reader.emplace(options.file_sizes[0]);
  }

  std::span<uint8_t> reserve();
  Status commit(size_t n);
  Status commit_header(size_t n);
  Status commit_data(size_t n);
  Status take_stashed();
  Status plan();
  Status start_next_tensor();
  Status finish_tensor();
  Status unify_packing();
  Status named(const Status& status) const;
  // Where in its part the current tensor, or the next one, starts.
  uint64_t next_offset() const {
    const gguf::TensorInfo& info = *plans[current].info;
    return result.header.parts[info.part].data_offset + info.offset;
  }

  // One of the files.
  struct Part {
    uint64_t position = 0;       // bytes of it that are where they belong
    std::vector<uint8_t> stash;  // what came behind its header, until its data is due
  };

  const Compute& compute;
  WeightLoaderOptions options;
  std::vector<Part> parts;
  size_t at = 0;  // the part whose bytes come next
  std::optional<gguf::Reader> reader;  // of its header
  gguf::PartJoiner joiner;
  std::vector<uint8_t> spare;  // header bytes and bytes between tensors
  Status failure;

  // Once all headers are read:
  bool planned = false;
  LoadedWeights result;
  std::vector<TensorSpec> schema;
  std::vector<TensorPlan> plans;  // by part, then by offset
  size_t current = 0;
  Staging staging;
  std::optional<TensorWriter> writer;  // of plans[current], while inside it
  I2sEvidence evidence;
};

// An error with the part it was met in, where there are several.
Status WeightLoader::Impl::named(const Status& status) const {
  if (status.ok() || parts.size() == 1) return status;
  return error(status.code, gguf::part_name(at, parts.size()) + ": " + status.message);
}

std::span<uint8_t> WeightLoader::Impl::reserve() {
  if (!failure.ok()) return {};
  if (!planned) return spare;
  if (writer) return writer->reserve();
  if (current == plans.size()) return {};
  return std::span<uint8_t>(spare).first(static_cast<size_t>(std::min<uint64_t>(spare.size(), next_offset() - parts[at].position)));
}

Status WeightLoader::Impl::commit(size_t n) {
  if (!failure.ok()) return failure;
  failure = planned ? named(commit_data(n)) : commit_header(n);
  if (failure.ok() && planned) failure = named(take_stashed());
  return failure;
}

Status WeightLoader::Impl::commit_header(size_t n) {
  const std::span<const uint8_t> bytes(spare.data(), n);
  const Result<size_t> used = reader->feed(bytes);
  if (!used.ok()) return named(used.status());
  parts[at].position += *used;
  if (!reader->complete()) return ok_status();
  parts[at].stash.assign(bytes.begin() + static_cast<std::ptrdiff_t>(*used), bytes.end());
  TERNLIGHT_TRY(joiner.add(reader->take_header()));
  if (at + 1 < parts.size()) {
    at++;
    reader.emplace(options.file_sizes[at]);
    return ok_status();
  }
  reader.reset();
  return plan();
}

Status WeightLoader::Impl::commit_data(size_t n) {
  parts[at].position += n;
  if (writer) {
    TERNLIGHT_TRY(writer->commit(n));
    if (!writer->reserve().empty()) return ok_status();
    TERNLIGHT_TRY(finish_tensor());
  }
  return start_next_tensor();
}

// What came with the last bytes of a part's header belongs to its tensors.
Status WeightLoader::Impl::take_stashed() {
  while (current < plans.size() && !parts[at].stash.empty()) {
    const size_t part = at;
    const std::vector<uint8_t> stash = std::exchange(parts[part].stash, {});
    for (size_t i = 0; i < stash.size() && at == part;) {
      const std::span<uint8_t> slot = reserve();
      if (slot.empty()) break;
      const size_t count = std::min(slot.size(), stash.size() - i);
      memcpy(slot.data(), stash.data() + i, count);
      TERNLIGHT_TRY(commit_data(count));
      i += count;
    }
  }
  return ok_status();
}

Status WeightLoader::Impl::finish_tensor() {
  const TensorPlan& done = plans[current];
  TERNLIGHT_ASSIGN(*done.spec->slot, writer->finish());
  writer.reset();
  if (is_i2_s(done) && options.i2s == I2sPacking::automatic) evidence.add(*result.weights, *done.spec->slot);
  current++;
  return ok_status();
}

Status WeightLoader::Impl::start_next_tensor() {
  if (current == plans.size()) return ok_status();
  at = plans[current].info->part;
  if (parts[at].position < next_offset()) return ok_status();
  uint8_t* data = result.arenas.allocate(plans[current].resident_bytes);
  if (data == nullptr) return error(ErrorCode::internal, "the arenas are smaller than the tensors planned for it");
  writer.emplace(plans[current], data, staging, compute);
  return ok_status();
}

// Kernels know one packing. The evidence is complete only at the end of the load.
Status WeightLoader::Impl::unify_packing() {
  if (std::none_of(plans.begin(), plans.end(), is_i2_s)) return ok_status();
  result.i2s = options.i2s;
  if (options.i2s == I2sPacking::automatic) {
    TERNLIGHT_ASSIGN(result.i2s, evidence.verdict());
  }
  for (const TensorPlan& p : plans) {
    if (!is_i2_s(p)) continue;
    const Tensor& t = *p.spec->slot;
    if (result.i2s == I2sPacking::four_rows && t.rows % 4 != 0) {
      return error(ErrorCode::bad_tensor_shape, "tensor " + p.info->name + ": expected a multiple of 4 rows for I2_S packed as 4row, found " +
                                                    std::to_string(t.rows));
    }
    i2_s_unify(result.i2s, t.data, t.rows, t.k);
  }
  return ok_status();
}

// The headers are here: everything that can be refused is refused now, before any weight has been downloaded.
Status WeightLoader::Impl::plan() {
  TERNLIGHT_ASSIGN(result.header, joiner.finish());
  TERNLIGHT_ASSIGN(result.config, read_config(result.header));
  const gguf::TensorInfo* embedding = result.header.find("token_embd.weight");
  if (embedding == nullptr) return error(ErrorCode::missing_tensor, "tensor token_embd.weight is missing");
  if (embedding->rows() == 0 || embedding->rows() > (1u << 24)) {
    return error(ErrorCode::bad_tensor_shape, "tensor token_embd.weight: expected 1 to 16777216 rows, found " +
                                                  std::to_string(embedding->rows()));
  }
  result.config.vocab_size = static_cast<uint32_t>(embedding->rows());

  result.weights = std::make_unique<Weights>();
  schema = make_schema(result.config, *result.weights);
  TERNLIGHT_ASSIGN(plans, plan_tensors(schema, result.header, options.head));
  std::sort(plans.begin(), plans.end(), [](const TensorPlan& a, const TensorPlan& b) {
    return a.info->part != b.info->part ? a.info->part < b.info->part : a.info->offset < b.info->offset;
  });

  std::vector<size_t> tensors;
  for (const TensorPlan& p : plans) tensors.push_back(p.resident_bytes);
  TERNLIGHT_ASSIGN(const MemoryPlan memory, plan_memory(result.config, tensors, options.memory));
  TERNLIGHT_TRY(reserve_memory(memory, tensors, options.memory.max_resident_bytes, result.arenas, result.session_memory));
  planned = true;
  return start_next_tensor();
}

WeightLoader::WeightLoader(const Compute& compute, const WeightLoaderOptions& options)
    : impl_(std::make_unique<Impl>(compute, options)) {}
WeightLoader::~WeightLoader() = default;
std::span<uint8_t> WeightLoader::reserve() { return impl_->reserve(); }
Status WeightLoader::commit(size_t n) { return impl_->commit(n); }
size_t WeightLoader::part() const { return impl_->at; }
uint64_t WeightLoader::offset() const { return impl_->parts[impl_->at].position + impl_->parts[impl_->at].stash.size(); }
uint64_t WeightLoader::loaded() const {
  uint64_t bytes = 0;
  for (const Impl::Part& part : impl_->parts) bytes += part.position + part.stash.size();
  return bytes;
}
uint64_t WeightLoader::total() const {
  if (impl_->planned) return impl_->result.header.file_bytes;
  uint64_t bytes = 0;
  for (const uint64_t size : impl_->options.file_sizes) {
    if (size == 0) return 0;
    bytes += size;
  }
  return bytes;
}
const gguf::Header* WeightLoader::header() const { return impl_->planned ? &impl_->result.header : nullptr; }

Result<LoadedWeights> WeightLoader::finish() {
  Impl& s = *impl_;
  if (!s.failure.ok()) return s.failure;
  if (!s.planned) {
    if (Status status = s.reader->finish(); !status.ok()) return s.named(status);
    return error(ErrorCode::internal, "the header is complete but was not planned");
  }
  if (s.current < s.plans.size()) {
    const TensorPlan& p = s.plans[s.current];
    return s.named(error(ErrorCode::truncated, "tensor " + p.info->name + ": expected data up to byte " +
                                                   std::to_string(s.next_offset() + p.file_bytes) + ", found the end of the file at byte " +
                                                   std::to_string(s.parts[s.at].position)));
  }
  TERNLIGHT_TRY(s.unify_packing());
  Weights& w = *s.result.weights;
  if (w.output.empty()) w.output = w.token_embd;
  return std::move(s.result);
}

}  // namespace ternlight
