// Matrix products of f32, row-major. Each kind of arithmetic is one function; what a thread computes is decided by the shapes
// alone and each sum has one order, so that the thread count changes no bit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

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

// C (m, n) = alpha * A (m, k) * B (k, n), or C += that; on the calling thread where `threads` is null.
using Gemm = void (*)(ThreadPool* threads, const GemmShape& shape, float alpha, const Operand& a, const Operand& b, Into into,
                      float* c, size_t c_stride);

struct GemmKind {
  const char* name;
  Gemm gemm;
};

// f32, products rounded before they are added: each sum goes over k upwards in blocks of 256, whose totals are added in order.
// The same bits on every machine of IEEE arithmetic.
extern const GemmKind kPortableGemm;

// What this build and this processor have, the fastest first:
//
//   bf16      operands rounded to bfloat16, sums in f32 (x86 with AVX512-BF16). int8 codes and ternary weights are exact in it.
//   openblas  f32 (Debian: libopenblas-dev); the same bits for the same shapes on the same kind of processor
//   portable
std::span<const GemmKind> gemm_kinds();

// The machine a training step runs on. Passed along, never global.
struct TrainCompute {
  const Kernels& kernels;
  ThreadPool& threads;
  GemmKind products;
};

// The same product on all threads.
inline void gemm(const TrainCompute& compute, const GemmShape& shape, float alpha, const Operand& a, const Operand& b, Into into,
                 float* c, size_t c_stride) {
  compute.products.gemm(&compute.threads, shape, alpha, a, b, into, c, c_stride);
}

// And on the calling one.
inline void gemm_here(const TrainCompute& compute, const GemmShape& shape, float alpha, const Operand& a, const Operand& b,
                      Into into, float* c, size_t c_stride) {
  compute.products.gemm(nullptr, shape, alpha, a, b, into, c, c_stride);
}

}  // namespace ternlight::train
