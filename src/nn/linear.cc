#include "nn/linear.h"

#include <algorithm>

#include "nn/linear_columns.h"
#include "nn/linear_rows.h"
#include "nn/round_up.h"

namespace ternlight {
namespace {

// Less than this many multiplications is not worth a second thread: at 30 per ns it is the price of a barrier.
constexpr size_t kMinWorkPerThread = size_t{1} << 16;

bool sees_int16(Layout layout) {
  switch (layout) {
    case Layout::int8_row:
    case Layout::q8_0:
    case Layout::q6_k:
    case Layout::q4_0:
    case Layout::q4_k: return true;
    default: return false;
  }
}

// The largest int16 magnitude for which `k` products with int8 weights (at most 128 in magnitude) fit in int32.
int32_t int16_limit(size_t k) { return static_cast<int32_t>(std::min<size_t>(32767, 0x7FFFFFFF / (128 * round_up(k, 16)))); }

void columns_of_one(const Compute& compute, LinearScratch& s, const LinearTask& task) {
  const Tensor& w = *task.weight;
  column_product(compute, s, w, s.acc);
  compute.kernels.dequantize(s.acc, s.q8_info[0].sum, s.q8_info[0].scale, w.scale, w.rows, task.y);
  scale_and_bias(compute, task, 0, w.rows, task.y);
}

}  // namespace

void quantize_inputs(const Compute& compute, LinearScratch& s, const float* x, size_t tokens, size_t k,
                     std::span<const LinearTask> tasks) {
  bool int8 = false, sums = false, live = false, int16 = false;
  for (const LinearTask& task : tasks) {
    int8 |= is_ternary(task.weight->layout);
    sums |= task.weight->layout == Layout::ternary_grouped;
    live |= task.weight->layout == Layout::ternary_columns;
    int16 |= sees_int16(task.weight->layout);
  }
  const size_t k128 = round_up(k, 128), k16 = round_up(k, 16), groups = group_count(k128);
  compute.threads.parallel_for(tokens, 4, [&](size_t begin, size_t end, size_t) {
    for (size_t t = begin; t < end; t++) {
      if (int8) s.q8_info[t] = compute.kernels.quantize_i8(x + t * k, k, s.q8 + t * k128, k128);
      if (live) list_live_inputs(s, t, k128);
      if (sums) compute.kernels.group_sums_i8(s.q8 + t * k128, k128, s.q8_sums + t * groups);
      if (int16) {
        s.q16_scale[t] = compute.kernels.quantize_i16(x + t * k, k, int16_limit(k), s.q16 + t * k16);
        std::fill(s.q16 + t * k16 + k, s.q16 + (t + 1) * k16, int16_t{0});
      }
    }
  });
}

void scale_and_bias(const Compute& compute, const LinearTask& task, size_t begin, size_t n, float* y) {
  if (task.scale != nullptr && !task.scale->empty()) compute.kernels.scale(y, task.scale->floats()[0], n);
  if (task.bias != nullptr && !task.bias->empty()) compute.kernels.add(y, task.bias->floats() + begin, n);
}

void compute_rows(const Compute& compute, const LinearScratch& s, const float* x, size_t tokens, size_t k,
                  const LinearTask& task, size_t begin, size_t end, int32_t* acc, size_t thread) {
  const Kernels& kernel = compute.kernels;
  const Tensor& w = *task.weight;
  const uint8_t* rows = w.row(begin);
  const size_t n = end - begin, k128 = round_up(k, 128), k16 = round_up(k, 16), groups = group_count(k128);
  if (w.layout == Layout::ternary && tokens > 1) {
    kernel.ternary_gemm(rows, n, k128, s.q8, tokens, acc, n);
  }
  if (w.layout == Layout::ternary_columns) column_products(compute, s, w, tokens, begin, end, acc, thread);
  for (size_t t = 0; t < tokens; t++) {
    float* y = task.y + t * task.y_stride + begin;
    const float* x_t = x + t * k;
    const int16_t* q16 = s.q16 + t * k16;
    switch (w.layout) {
      case Layout::ternary:
        if (tokens == 1) kernel.ternary_gemv(rows, n, k128, s.q8, acc);
        [[fallthrough]];
      case Layout::ternary_columns:
        kernel.dequantize(acc + t * n, s.q8_info[t].sum, s.q8_info[t].scale, w.scale, n, y);
        break;
      case Layout::ternary_grouped:
        kernel.ternary_grouped_gemv(rows, w.scales() + begin * groups, n, k128, s.q8 + t * k128, s.q8_sums + t * groups, y);
        for (size_t r = 0; r < n; r++) y[r] = y[r] / s.q8_info[t].scale;
        break;
      case Layout::f32: kernel.f32_gemv(reinterpret_cast<const float*>(rows), n, k, x_t, y); break;
      case Layout::f16: kernel.f16_gemv(reinterpret_cast<const uint16_t*>(rows), n, k, x_t, y); break;
      case Layout::bf16: kernel.bf16_gemv(reinterpret_cast<const uint16_t*>(rows), n, k, x_t, y); break;
      case Layout::int8_row:
        kernel.int8_gemv(reinterpret_cast<const int8_t*>(rows), n, k16, q16, acc);
        for (size_t r = 0; r < n; r++) y[r] = static_cast<float>(acc[r]) / s.q16_scale[t] * w.scales()[begin + r];
        break;
      case Layout::q8_0: kernel.q8_0_gemv(rows, n, k, q16, y); break;
      case Layout::q6_k: kernel.q6_k_gemv(rows, n, k, q16, y); break;
      case Layout::q4_0: kernel.q4_0_gemv(rows, n, k, q16, y); break;
      case Layout::q4_k: kernel.q4_k_gemv(rows, n, k, q16, y); break;
    }
    if (sees_int16(w.layout) && w.layout != Layout::int8_row) {
      for (size_t r = 0; r < n; r++) y[r] = y[r] / s.q16_scale[t];
    }
    scale_and_bias(compute, task, begin, n, y);
  }
}

size_t row_grain(size_t k, size_t tokens) {
  // Multiples of 64: the rows of Layout::ternary_columns come in such groups, and threads then write to cache lines of
  // their own.
  return round_up(std::max<size_t>(1, kMinWorkPerThread / (k * tokens)), 64);
}

void linear(const Compute& compute, LinearScratch& scratch, const float* x, size_t tokens, size_t k,
            std::span<const LinearTask> tasks) {
  quantize_inputs(compute, scratch, x, tokens, k, tasks);
  size_t total = 0;
  for (const LinearTask& task : tasks) total += task.weight->rows;
  if (tokens == 1 && tasks.size() == 1 && tasks[0].weight->layout == Layout::ternary_columns) {
    return columns_of_one(compute, scratch, tasks[0]);
  }
  compute.threads.parallel_for(total, row_grain(k, tokens), [&](size_t begin, size_t end, size_t thread) {
    size_t first = 0;  // row of all tasks together at which this task starts
    for (const LinearTask& task : tasks) {
      const size_t last = first + task.weight->rows;
      const size_t b = std::max(begin, first), e = std::min(end, last);
      if (b < e) compute_rows(compute, scratch, x, tokens, k, task, b - first, e - first, scratch.acc + b * tokens, thread);
      first = last;
    }
  });
}

}  // namespace ternlight
