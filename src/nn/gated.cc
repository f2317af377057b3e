#include "nn/gated.h"

#include <algorithm>

#include "nn/linear_rows.h"
#include "nn/round_up.h"

namespace ternlight {
namespace {

// Rows here and there come from memory at about half the pace of all rows in a stream: a list pays below this share.
bool list_pays(size_t live, size_t rows) { return live * 20 < rows * 9; }

// Rows [begin, end) of `up` that are in the list; zeros for the others.
void compute_listed(const Compute& compute, LinearScratch& s, size_t k, const LinearTask& up, const uint32_t* ids,
                    size_t count, size_t begin, size_t end, int32_t* acc) {
  const Kernels& kernel = compute.kernels;
  float* y = up.y + begin;
  kernel.ternary_gemv_rows(up.weight->data, ids, count, round_up(k, 128), s.q8, acc);
  // Into the tail first, and from there to their places: the i-th of `count` never lies behind its place.
  float* values = up.y + end - count;
  kernel.dequantize(acc, s.q8_info[0].sum, s.q8_info[0].scale, up.weight->scale, count, values);
  size_t next = 0;
  for (size_t r = begin; r < end; r++) {
    const bool listed = next < count && ids[next] == r;
    const float value = listed ? values[next] : 0.0f;
    next += listed;
    y[r - begin] = value;
  }
  scale_and_bias(compute, up, begin, end - begin, y);
}

}  // namespace

bool can_skip_rows(const Tensor& gate, const Tensor& up) {
  return gate.layout == Layout::ternary && up.layout == Layout::ternary;
}

void gated_relu2(const Compute& compute, LinearScratch& s, const float* x, size_t k, const LinearTask& gate,
                 const LinearTask& up, float* hidden) {
  const LinearTask tasks[] = {gate, up};
  quantize_inputs(compute, s, x, /*tokens=*/1, k, tasks);
  compute.threads.parallel_for(gate.weight->rows, row_grain(k, 2), [&](size_t begin, size_t end, size_t thread) {
    const size_t n = end - begin;
    int32_t* acc = s.acc + begin;
    compute_rows(compute, s, x, 1, k, gate, begin, end, acc, thread);
    uint32_t* ids = s.row_ids + begin;
    size_t live = 0;
    for (size_t r = begin; r < end; r++) {
      ids[live] = static_cast<uint32_t>(r);
      live += gate.y[r] > 0.0f;
    }
    if (list_pays(live, n)) {
      compute_listed(compute, s, k, up, ids, live, begin, end, acc);
    } else {
      compute_rows(compute, s, x, 1, k, up, begin, end, acc, thread);
    }
    compute.kernels.relu2_mul(gate.y + begin, up.y + begin, n, hidden + begin);
  });
}

}  // namespace ternlight
