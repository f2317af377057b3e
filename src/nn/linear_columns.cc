#include "nn/linear_columns.h"

#include <algorithm>
#include <cstring>

#include "nn/round_up.h"

namespace ternlight {
namespace {

// Rows whose sums are made together: a cache line of each column, and few enough that a batch finds them in the L2 cache.
constexpr size_t kTileRows = 256;

// A product by columns does about a fifth of the multiplications a second that one by rows with several tokens does.
bool columns_pay(const LinearScratch& s, size_t tokens, size_t k) {
  size_t live = 0;
  for (size_t t = 0; t < tokens; t++) live += s.live_count[t];
  return live * 5 < tokens * k;
}

}  // namespace

void list_live_inputs(LinearScratch& s, size_t token, size_t k_padded) {
  const int8_t* q = s.q8 + token * k_padded;
  uint32_t* ids = s.live_ids + token * k_padded;
  int8_t* x = s.live_x + token * k_padded;
  size_t count = 0;
  for (size_t i = 0; i < k_padded; i += 8) {
    uint64_t eight;
    memcpy(&eight, q + i, sizeof(eight));
    if (eight == 0) continue;
    for (size_t j = i; j < i + 8; j++) {  // written always, kept when it counts: no branch that cannot be foreseen
      ids[count] = static_cast<uint32_t>(j);
      x[count] = q[j];
      count += q[j] != 0;
    }
  }
  s.live_count[token] = count;
}

void column_product(const Compute& compute, const LinearScratch& s, const Tensor& w, int32_t* acc) {
  const size_t rows = w.rows, live = s.live_count[0], shares = s.column_shares();
  compute.threads.parallel_for(shares, 1, [&](size_t begin, size_t end, size_t) {
    for (size_t i = begin; i < end; i++) {
      // Whole columns, not a piece of each: each is a trip to another page of memory.
      const size_t first = live * i / shares, count = live * (i + 1) / shares - first;
      compute.kernels.ternary_gemv_columns(w.data, column_bytes(rows), s.live_ids + first, s.live_x + first, count, rows,
                                           acc + i * rows);
    }
  });
  for (size_t i = 1; i < shares; i++) {
    for (size_t r = 0; r < rows; r++) acc[r] += acc[i * rows + r];
  }
}

void column_products(const Compute& compute, const LinearScratch& s, const Tensor& w, size_t tokens, size_t begin,
                     size_t end, int32_t* acc, size_t thread) {
  const Kernels& kernel = compute.kernels;
  const size_t k128 = round_up(w.k, 128), stride = column_bytes(w.rows), n = end - begin;
  const bool by_columns = columns_pay(s, tokens, w.k);
  const size_t tile_rows = by_columns ? kTileRows : 64;
  for (size_t r = begin; r < end; r += tile_rows) {
    const size_t rows = std::min(tile_rows, end - r);
    const uint8_t* first = w.data + r / 4;
    if (by_columns) {
      for (size_t t = 0; t < tokens; t++) {
        kernel.ternary_gemv_columns(first, stride, s.live_ids + t * k128, s.live_x + t * k128, s.live_count[t], rows,
                                    acc + t * n + (r - begin));
      }
    } else {
      kernel.ternary_to_rows(first, stride, k128, s.row_tile(thread));
      kernel.ternary_gemm(s.row_tile(thread), rows, k128, s.q8, tokens, acc + (r - begin), n);
    }
  }
}

}  // namespace ternlight
