#include "model/loader.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "gguf/reader.h"
#include "model/arch.h"
#include "model/schema.h"
#include "model/tensor_plan.h"
#include "model/tensor_writer.h"

namespace ternlight {

struct WeightLoader::Impl {
  Impl(const Kernels& k, const WeightLoaderOptions& o)
      : kernels(k), options(o), reader(o.file_size), spare(size_t{64} << 10) {}

  std::span<uint8_t> reserve();
  Status commit(size_t n);
  Status commit_header(size_t n);
  Status commit_data(size_t n);
  Status plan();
  Status start_next_tensor();
  Status finish_tensor();
  // The file offset at which the current tensor, or the next one, starts.
  uint64_t next_offset() const { return loaded_data_offset + plans[current].info->offset; }

  const Kernels& kernels;
  WeightLoaderOptions options;
  gguf::Reader reader;
  std::vector<uint8_t> spare;  // header bytes and bytes between tensors
  Status failure;
  uint64_t position = 0;  // file bytes taken

  // Once the header is read:
  bool planned = false;
  uint64_t loaded_data_offset = 0;
  LoadedWeights result;
  std::vector<TensorSpec> schema;
  std::vector<TensorPlan> plans;  // by file offset
  size_t current = 0;
  Staging staging;
  std::optional<TensorWriter> writer;  // of plans[current], while inside it
};

std::span<uint8_t> WeightLoader::Impl::reserve() {
  if (!failure.ok()) return {};
  if (!planned) return spare;
  if (writer) return writer->reserve();
  if (current == plans.size()) return {};
  return std::span<uint8_t>(spare).first(static_cast<size_t>(std::min<uint64_t>(spare.size(), next_offset() - position)));
}

Status WeightLoader::Impl::commit(size_t n) {
  if (!failure.ok()) return failure;
  failure = planned ? commit_data(n) : commit_header(n);
  return failure;
}

Status WeightLoader::Impl::commit_header(size_t n) {
  std::span<const uint8_t> bytes(spare.data(), n);
  TERNLIGHT_ASSIGN(const size_t used, reader.feed(bytes));
  position += used;
  if (!reader.complete()) return ok_status();
  TERNLIGHT_TRY(plan());
  // What came with the header's last bytes belongs to the tensors. It is copied out first: gaps are read into `spare`.
  const std::vector<uint8_t> rest(bytes.begin() + static_cast<std::ptrdiff_t>(used), bytes.end());
  for (size_t i = 0; i < rest.size();) {
    const std::span<uint8_t> slot = reserve();
    if (slot.empty()) break;
    const size_t count = std::min(slot.size(), rest.size() - i);
    memcpy(slot.data(), rest.data() + i, count);
    TERNLIGHT_TRY(commit_data(count));
    i += count;
  }
  return ok_status();
}

Status WeightLoader::Impl::commit_data(size_t n) {
  position += n;
  if (writer) {
    TERNLIGHT_TRY(writer->commit(n));
    if (!writer->reserve().empty()) return ok_status();
    TERNLIGHT_TRY(finish_tensor());
  }
  return start_next_tensor();
}

Status WeightLoader::Impl::finish_tensor() {
  TERNLIGHT_ASSIGN(*plans[current].spec->slot, writer->finish());
  writer.reset();
  current++;
  return ok_status();
}

Status WeightLoader::Impl::start_next_tensor() {
  if (current == plans.size() || position < next_offset()) return ok_status();
  uint8_t* data = result.arena.allocate(plans[current].resident_bytes);
  if (data == nullptr) return error(ErrorCode::internal, "the arena is smaller than the tensors planned for it");
  writer.emplace(plans[current], data, staging, kernels);
  return ok_status();
}

// The header is here: everything that can be refused is refused now, before any weight has been downloaded.
Status WeightLoader::Impl::plan() {
  result.header = reader.take_header();
  loaded_data_offset = result.header.data_offset;
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
  std::sort(plans.begin(), plans.end(), [](const TensorPlan& a, const TensorPlan& b) { return a.info->offset < b.info->offset; });

  uint64_t bytes = 0;
  for (const TensorPlan& p : plans) bytes += Arena::padded(p.resident_bytes);
  if (options.max_resident_bytes > 0 && bytes > options.max_resident_bytes) {
    return error(ErrorCode::out_of_memory, "the weights need " + std::to_string(bytes) + " bytes of memory, " +
                                               std::to_string(options.max_resident_bytes) + " are available");
  }
  if (bytes > SIZE_MAX / 2) {
    return error(ErrorCode::out_of_memory, "the weights need " + std::to_string(bytes) + " bytes of memory, more than " +
                                               std::to_string(SIZE_MAX / 2) + ", the most this build can hold");
  }
  TERNLIGHT_ASSIGN(result.arena, Arena::create(static_cast<size_t>(bytes), "the model's weights"));
  planned = true;
  return start_next_tensor();
}

WeightLoader::WeightLoader(const Kernels& kernels, const WeightLoaderOptions& options)
    : impl_(std::make_unique<Impl>(kernels, options)) {}
WeightLoader::~WeightLoader() = default;
std::span<uint8_t> WeightLoader::reserve() { return impl_->reserve(); }
Status WeightLoader::commit(size_t n) { return impl_->commit(n); }
uint64_t WeightLoader::loaded() const { return impl_->position; }
uint64_t WeightLoader::total() const { return impl_->planned ? impl_->result.header.file_bytes : impl_->options.file_size; }
const gguf::Header* WeightLoader::header() const { return impl_->planned ? &impl_->result.header : nullptr; }

Result<LoadedWeights> WeightLoader::finish() {
  Impl& s = *impl_;
  if (!s.failure.ok()) return s.failure;
  if (!s.planned) {
    if (Status status = s.reader.finish(); !status.ok()) return status;
    return error(ErrorCode::internal, "the header is complete but was not planned");
  }
  if (s.current < s.plans.size()) {
    const TensorPlan& p = s.plans[s.current];
    return error(ErrorCode::truncated, "tensor " + p.info->name + ": expected data up to byte " +
                                           std::to_string(s.next_offset() + p.file_bytes) + ", found the end of the file at byte " +
                                           std::to_string(s.position));
  }
  Weights& w = *s.result.weights;
  if (w.output.empty()) w.output = w.token_embd;
  return std::move(s.result);
}

}  // namespace ternlight
