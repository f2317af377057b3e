// Matrix products of f32, row-major. One function computes a block of the result on one thread; gemm() shares blocks of
// a fixed size among threads, so that the thread count cannot change a sum.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/kernels.h"
#include "parallel/thread_pool.h"

namespace ternlight::train {

enum class Order : uint8_t { rows, transposed };  // transposed: element (i, j) of the operand is data[j * stride + i]
enum class Into : uint8_t { replace, add };       // what becomes of the numbers that stand in the result

struct Operand {
  const float* data;
  size_t stride;  // floats from one row in memory to the next
  Order order = Order::rows;
};

struct GemmShape {
  size_t m, n, k;
};

// C (m, n) = alpha * A (m, k) * B (k, n), or C += that, on the calling thread.
using GemmBlock = void (*)(const GemmShape& shape, float alpha, const Operand& a, const Operand& b, Into into, float* c,
                           size_t c_stride);

// Our own: each sum goes over k upwards in blocks of 256, whose totals are added in order. The same bits on every
// machine of IEEE arithmetic.
void portable_gemm(const GemmShape& shape, float alpha, const Operand& a, const Operand& b, Into into, float* c,
                   size_t c_stride);

// OpenBLAS where the build has it, else portable_gemm. OpenBLAS gives the same bits for the same shapes on the same kind of
// processor.
GemmBlock best_gemm();
const char* name(GemmBlock gemm);

// The machine a training step runs on. Passed along, never global.
struct TrainCompute {
  const Kernels& kernels;
  ThreadPool& threads;
  GemmBlock gemm_block;
};

// The same product on all threads.
void gemm(const TrainCompute& compute, const GemmShape& shape, float alpha, const Operand& a, const Operand& b, Into into,
          float* c, size_t c_stride);

}  // namespace ternlight::train
