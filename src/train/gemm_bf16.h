// The product whose operands are rounded to bfloat16. Private to src/train.
#pragma once

#include "train/gemm.h"

namespace ternlight::train {

// False where this processor, or the compiler, does not have AVX512-BF16; bf16_gemm() must not be called then.
bool has_bf16_gemm();

void bf16_gemm(ThreadPool* threads, const GemmShape& shape, float alpha, const Operand& a, const Operand& b, Into into, float* c,
               size_t c_stride);

}  // namespace ternlight::train
