// TensorWriter: takes the file bytes of one tensor, in order, and puts them where its plan says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/status.h"
#include "model/tensor_plan.h"
#include "nn/compute.h"

namespace ternlight {

// Memory that every tensor in turn is staged through; one per loader.
struct Staging {
  std::vector<uint8_t> rows;   // file rows waiting to be unpacked
  std::vector<float> floats;   // one row for each thread
};

class TensorWriter {
 public:
  // `data` has room for plan.resident_bytes.
  TensorWriter(const TensorPlan& plan, uint8_t* data, Staging& staging, const Compute& compute);

  std::span<uint8_t> reserve();  // empty once all of the tensor's bytes have come
  Status commit(size_t n);
  // The finished tensor; to be called when reserve() is empty.
  Result<Tensor> finish();

 private:
  uint64_t rows_bytes() const { return uint64_t{plan_.file_row_bytes} * plan_.info->rows(); }
  void touch(uint64_t end);
  Status take_rows(const uint8_t* src, size_t count);
  Status take_row(const uint8_t* src, size_t row, size_t worker);
  void collapse_equal_scales();

  const TensorPlan& plan_;
  Staging& staging_;
  const Compute& compute_;
  Tensor tensor_;
  uint64_t taken_ = 0;      // file bytes
  uint64_t touched_ = 0;    // bytes of the tensor that have memory behind them
  size_t staged_ = 0;       // bytes in staging_.rows
  size_t rows_done_ = 0;
  uint8_t tail_[32] = {};
};

}  // namespace ternlight
