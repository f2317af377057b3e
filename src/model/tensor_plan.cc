#include "model/tensor_plan.h"

#include <string>

#include "gguf/shared_ids.h"

namespace ternlight {
namespace {

std::string shape(uint64_t rows, uint64_t k) { return "(" + std::to_string(rows) + ", " + std::to_string(k) + ")"; }

bool is_float(Layout layout) { return layout == Layout::f32 || layout == Layout::f16 || layout == Layout::bf16; }

Layout choose_head_layout(Layout in_file, HeadFormat head, uint64_t k) {
  switch (head) {
    case HeadFormat::automatic: return is_float(in_file) ? Layout::int8_row : in_file;
    case HeadFormat::file: return in_file;
    case HeadFormat::f16: return Layout::f16;
    case HeadFormat::int8: return Layout::int8_row;
    case HeadFormat::q6_k: return k % 256 == 0 ? Layout::q6_k : Layout::int8_row;
  }
  return in_file;
}

Layout choose_layout(TensorRole role, Layout in_file, HeadFormat head, uint64_t k) {
  if (role == TensorRole::vector) return Layout::f32;
  if (role == TensorRole::linear || is_ternary(in_file)) return in_file;
  return choose_head_layout(in_file, head, k);
}

Status check_shape(const TensorSpec& spec, const gguf::TensorInfo& info) {
  const bool matches = spec.role == TensorRole::vector ? info.k() * info.rows() == spec.k
                                                       : info.k() == spec.k && info.rows() == spec.rows;
  if (matches) return ok_status();
  return error(ErrorCode::bad_tensor_shape, "tensor " + spec.name + ": expected " + shape(spec.rows, spec.k) +
                                                ", found " + shape(info.rows(), info.k()));
}

// Why a tensor of a type that is not read is refused.
Status unsupported(const gguf::TensorInfo& info) {
  const std::string id = " (id " + std::to_string(info.type) + ")";
  const std::vector<gguf::Candidate> candidates = gguf::candidates(info.type, info.k(), info.rows());
  std::string sizes, names;
  for (const gguf::Candidate& c : candidates) {
    sizes.append(sizes.empty() ? "" : " or ").append(std::to_string(c.bytes)).append(" bytes (").append(c.name).append(")");
    names.append(names.empty() ? "" : " or ").append(c.name);
  }
  if (info.told == nullptr && !candidates.empty() && info.bytes > 0) {
    return error(ErrorCode::corrupt_file, "tensor " + info.name + ": expected " + sizes + " for type id " + std::to_string(info.type) +
                                              ", found " + std::to_string(info.bytes) + " up to the next tensor or the end of the file");
  }
  std::string known;
  for (const PackFormat& f : pack_formats()) {
    known.append(known.empty() ? "" : ", ").append(gguf::type_name(static_cast<uint32_t>(f.type)));
  }
  return error(ErrorCode::unsupported_type, "tensor " + info.name + ": expected one of " + known + ", found " +
                                                (info.told == nullptr && !names.empty() ? names : gguf::type_name(info)) + id);
}

Result<TensorPlan> plan_tensor(const TensorSpec& spec, const gguf::TensorInfo& info, HeadFormat head) {
  TERNLIGHT_TRY(check_shape(spec, info));
  const PackFormat* format = find_pack_format(info.type);
  const gguf::TypeInfo* type = gguf::find_type(info.type);
  if (format == nullptr || type == nullptr) return unsupported(info);
  const bool is_block_type = type->block_weights > 1;
  if ((spec.role == TensorRole::vector && is_block_type) || (spec.role == TensorRole::embedding && is_ternary(format->layout))) {
    return error(ErrorCode::unsupported_type,
                 "tensor " + spec.name + ": expected " + (is_block_type && spec.role == TensorRole::vector ? "F32, F16 or BF16" : "a type of 4 bits or more") +
                     ", found " + type->name);
  }
  if (info.k() % type->block_weights != 0) {
    return error(ErrorCode::bad_tensor_shape, "tensor " + spec.name + ": expected rows of a multiple of " +
                                                  std::to_string(type->block_weights) + " weights for type " + type->name +
                                                  ", found " + std::to_string(info.k()));
  }
  TensorPlan plan = {};
  plan.spec = &spec;
  plan.info = &info;
  plan.format = format;
  plan.layout = choose_layout(spec.role, format->layout, head, spec.k);
  plan.route = plan.layout != format->layout ? Route::convert : format->direct ? Route::direct : Route::unpack;
  const size_t blocks = static_cast<size_t>(info.k() / type->block_weights);
  plan.file_row_bytes = blocks * type->block_bytes;
  plan.file_bytes = uint64_t{plan.file_row_bytes} * info.rows() + type->tail_bytes;
  plan.resident_bytes = matrix_bytes(plan.layout, static_cast<size_t>(spec.rows), static_cast<size_t>(spec.k));
  return plan;
}

}  // namespace

Result<std::vector<TensorPlan>> plan_tensors(const std::vector<TensorSpec>& schema, const gguf::Header& header, HeadFormat head) {
  std::vector<TensorPlan> plans;
  plans.reserve(schema.size());
  for (const TensorSpec& spec : schema) {
    const gguf::TensorInfo* info = header.find(spec.name);
    if (info == nullptr) {
      if (!spec.required) continue;
      return error(ErrorCode::missing_tensor, "tensor " + spec.name + " of shape " + shape(spec.rows, spec.k) + " is missing");
    }
    TERNLIGHT_ASSIGN(TensorPlan plan, plan_tensor(spec, *info, head));
    plans.push_back(plan);
  }
  return plans;
}

}  // namespace ternlight
