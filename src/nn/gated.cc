#include "nn/gated.h"

#include <algorithm>
#include <bit>
#include <cstring>

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

void one_token(const Compute& compute, LinearScratch& s, const float* x, size_t k, const LinearTask& gate,
               const LinearTask& up, float* hidden) {
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

// Rows whose live tokens are listed together: a cache line of each token's gates holds sixteen.
constexpr size_t kTileRows = 64;

// Up to 64 rows: of each the products with those tokens only whose gate is positive. False when that are too many: a
// row alone makes two thirds of the multiplications a second that several rows together do, in plain SIMD half.
bool compute_live(const Compute& compute, const LinearScratch& s, size_t tokens, size_t k, const LinearTask& gate,
                  const LinearTask& up, size_t begin, size_t n, int32_t* acc) {
  const size_t k128 = round_up(k, 128);
  memset(acc, 0, tokens * n * sizeof *acc);
  for (size_t first = 0; first < tokens; first += 64) {
    const size_t count = std::min<size_t>(64, tokens - first);
    uint64_t live[kTileRows] = {};
    for (size_t t = 0; t < count; t++) {
      const float* gates = gate.y + (first + t) * gate.y_stride + begin;
      for (size_t r = 0; r < n; r++) live[r] |= uint64_t{gates[r] > 0.0f} << t;
    }
    size_t all = 0;
    for (size_t r = 0; r < n; r++) all += static_cast<size_t>(std::popcount(live[r]));
    if (all * 2 > count * n) return false;
    for (size_t r = 0; r < n; r++) {
      uint32_t ids[64];
      size_t listed = 0;
      for (uint64_t rest = live[r]; rest != 0; rest &= rest - 1) ids[listed++] = static_cast<uint32_t>(std::countr_zero(rest));
      compute.kernels.ternary_row_tokens(up.weight->row(begin + r), k128, s.q8 + first * k128, ids, listed, acc + first * n + r, n);
    }
  }
  for (size_t t = 0; t < tokens; t++) {
    float* y = up.y + t * up.y_stride + begin;
    compute.kernels.dequantize(acc + t * n, s.q8_info[t].sum, s.q8_info[t].scale, up.weight->scale, n, y);
    scale_and_bias(compute, up, begin, n, y);
  }
  return true;
}

void several_tokens(const Compute& compute, LinearScratch& s, const float* x, size_t tokens, size_t k,
                    const LinearTask& gate, const LinearTask& up, float* hidden) {
  compute.threads.parallel_for(gate.weight->rows, row_grain(k, 2 * tokens), [&](size_t begin, size_t end, size_t thread) {
    compute_rows(compute, s, x, tokens, k, gate, begin, end, s.acc + begin * tokens, thread);
    for (size_t r = begin; r < end; r += kTileRows) {
      const size_t n = std::min(kTileRows, end - r);
      int32_t* acc = s.acc + r * tokens;
      if (!compute_live(compute, s, tokens, k, gate, up, r, n, acc)) compute_rows(compute, s, x, tokens, k, up, r, r + n, acc, thread);
      for (size_t t = 0; t < tokens; t++) {
        const size_t at = t * up.y_stride + r;
        compute.kernels.relu2_mul(gate.y + t * gate.y_stride + r, up.y + at, n, hidden + at);
      }
    }
  });
}

}  // namespace

bool can_skip_rows(const Tensor& gate, const Tensor& up) {
  return gate.layout == Layout::ternary && up.layout == Layout::ternary;
}

void gated_relu2(const Compute& compute, LinearScratch& s, const float* x, size_t tokens, size_t k, const LinearTask& gate,
                 const LinearTask& up, float* hidden) {
  const LinearTask tasks[] = {gate, up};
  quantize_inputs(compute, s, x, tokens, k, tasks);
  if (tokens == 1) {
    one_token(compute, s, x, k, gate, up, hidden);
  } else {
    several_tokens(compute, s, x, tokens, k, gate, up, hidden);
  }
}

}  // namespace ternlight
