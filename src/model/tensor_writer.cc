#include "model/tensor_writer.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <string>

namespace ternlight {
namespace {

// Rows are looked at while they are still in the cache.
constexpr size_t kChunk = size_t{256} << 10;
// Rows that are unpacked or converted: enough for all threads to be worth waking.
constexpr size_t kStaged = size_t{1} << 20;
constexpr size_t kGrain = 4;  // rows
// What is touched at once; and the least that systems give.
constexpr size_t kTouched = size_t{4} << 20, kPage = 4096;

}  // namespace

TensorWriter::TensorWriter(const TensorPlan& plan, uint8_t* data, Staging& staging, const Compute& compute)
    : plan_(plan), staging_(staging), compute_(compute) {
  const bool vector = plan.spec->role == TensorRole::vector;
  tensor_.layout = plan.layout;
  tensor_.k = static_cast<size_t>(plan.spec->k);
  tensor_.rows = vector ? 1 : static_cast<size_t>(plan.spec->rows);
  tensor_.data = data;
  if (plan.route == Route::direct) return;
  const size_t rows = std::max<size_t>(1, kStaged / std::max<size_t>(1, plan.file_row_bytes));
  staging_.rows.resize(std::max(staging_.rows.size(), rows * plan.file_row_bytes));
  staging_.floats.resize(std::max(staging_.floats.size(), static_cast<size_t>(plan.info->k()) * compute.threads.size()));
}

std::span<uint8_t> TensorWriter::reserve() {
  if (taken_ >= rows_bytes()) {
    const auto in_tail = static_cast<size_t>(taken_ - rows_bytes());
    return {tail_ + in_tail, static_cast<size_t>(plan_.file_bytes - taken_)};
  }
  const uint64_t left = rows_bytes() - taken_;
  if (plan_.route == Route::direct) {
    const uint64_t size = std::min<uint64_t>(left, kChunk);
    if (taken_ + size > touched_) touch(std::min<uint64_t>(taken_ + kTouched, rows_bytes()));
    return {tensor_.data + taken_, static_cast<size_t>(size)};
  }
  const size_t room = staging_.rows.size() / plan_.file_row_bytes * plan_.file_row_bytes - staged_;
  return {staging_.rows.data() + staged_, static_cast<size_t>(std::min<uint64_t>(left, room))};
}

// Systems give memory when it is first written to, and clear it then: that can take longer than reading a file from the
// system's own memory. Threads share it out.
void TensorWriter::touch(uint64_t end) {
  uint8_t* from = tensor_.data + touched_;
  const auto pages = static_cast<size_t>((end - touched_ + kPage - 1) / kPage);
  if (compute_.threads.size() > 1) {
    compute_.threads.parallel_for(pages, 16, [from](size_t begin, size_t last, size_t) {
      for (size_t i = begin; i < last; i++) from[i * kPage] = 0;
    });
  }
  touched_ = end;
}

Status TensorWriter::commit(size_t n) {
  const bool in_rows = taken_ < rows_bytes();
  taken_ += n;
  if (!in_rows) return ok_status();
  if (plan_.route == Route::direct) {
    const auto complete = static_cast<size_t>(taken_ / plan_.file_row_bytes);
    return take_rows(tensor_.data + rows_done_ * plan_.file_row_bytes, complete - rows_done_);
  }
  staged_ += n;
  const size_t complete = staged_ / plan_.file_row_bytes, used = complete * plan_.file_row_bytes;
  TERNLIGHT_TRY(take_rows(staging_.rows.data(), complete));
  memmove(staging_.rows.data(), staging_.rows.data() + used, staged_ - used);
  staged_ -= used;
  return ok_status();
}

// Rows do not depend on each other: threads share them out, and the first bad one is named whoever came upon it.
Status TensorWriter::take_rows(const uint8_t* src, size_t count) {
  const size_t bytes = plan_.file_row_bytes, first = rows_done_;
  std::atomic<size_t> bad = count;
  const auto take = [&](size_t begin, size_t end, size_t worker) {
    for (size_t i = begin; i < end; i++) {
      if (take_row(src + i * bytes, first + i, worker).ok()) continue;
      for (size_t seen = bad; i < seen && !bad.compare_exchange_weak(seen, i);) {
      }
      return;
    }
  };
  // A check alone is done sooner than another thread would be awake.
  if (plan_.route == Route::direct) {
    take(0, count, 0);
  } else {
    compute_.threads.parallel_for(count, kGrain, take);
  }
  rows_done_ += count;
  return bad < count ? take_row(src + bad * bytes, first + bad, 0) : ok_status();
}

Status TensorWriter::take_row(const uint8_t* src, size_t row, size_t worker) {
  const auto k = static_cast<size_t>(plan_.info->k());
  if (plan_.format->check_row != nullptr) {
    if (Status status = plan_.format->check_row(src, k); !status.ok()) {
      return error(status.code, "tensor " + plan_.info->name + ", row " + std::to_string(row) + ": " + status.message);
    }
  }
  if (plan_.route == Route::direct) return ok_status();
  const size_t groups = scale_count(plan_.layout, 1, k);
  uint8_t* to = tensor_.data + row * row_bytes(plan_.layout, k);
  float* scales = groups == 0 ? nullptr : tensor_.scales() + row * groups;
  if (plan_.route == Route::unpack) {
    plan_.format->unpack_row(src, k, to, scales);
  } else if (!convert_row(compute_.kernels, *plan_.format, src, k, staging_.floats.data() + worker * k, plan_.layout, to, scales)) {
    return error(ErrorCode::bad_tensor_shape, "tensor " + plan_.info->name + ": rows of " + std::to_string(k) +
                                                  " weights do not fit the requested head format");
  }
  return ok_status();
}

Result<Tensor> TensorWriter::finish() {
  if (tensor_.layout == Layout::ternary) {
    memcpy(&tensor_.scale, tail_, sizeof(float));  // I2_S: the scale is the tail's first four bytes
    if (!std::isfinite(tensor_.scale)) {
      return error(ErrorCode::corrupt_file, "tensor " + plan_.info->name + ": expected a finite scale behind the weights, found " +
                                                std::to_string(tensor_.scale));
    }
  }
  if (tensor_.layout == Layout::ternary_grouped) collapse_equal_scales();
  return tensor_;
}

// Converters of ternary models write one scale into every block. Such a tensor is an ordinary ternary matrix. Blocks of
// zeros have scale 0; their codes must say zero too.
void TensorWriter::collapse_equal_scales() {
  const size_t groups = (tensor_.k + 255) / 256;
  const float* scales = tensor_.scales();
  float common = 0;
  for (size_t i = 0; i < tensor_.rows * groups; i++) {
    if (scales[i] == 0) {
      const uint8_t* codes = tensor_.row(i / groups) + i % groups * 64;
      const uint8_t* row_end = tensor_.row(i / groups + 1);
      if (!std::all_of(codes, std::min(codes + 64, row_end), [](uint8_t b) { return b == 0x55; })) return;
    } else if (common == 0) {
      common = scales[i];
    } else if (scales[i] != common) {
      return;
    }
  }
  tensor_.layout = Layout::ternary;
  tensor_.scale = common;
}

}  // namespace ternlight
