// Declares the implementations that kernels.cc chooses from: one namespace per Isa, each function named like
// the field of Kernels it fills and typed by it, so that a definition with another signature does not link.
#pragma once

#include "kernels/kernels.h"

namespace ternlight {

template <class Pointer>
struct Pointee;
template <class Function>
struct Pointee<Function*> {
  using type = Function;
};

#define TERNLIGHT_KERNEL(field) Pointee<decltype(Kernels::field)>::type field

namespace scalar {
TERNLIGHT_KERNEL(ternary_row_tokens);
TERNLIGHT_KERNEL(ternary_gemv_columns);
TERNLIGHT_KERNEL(ternary_to_columns);
TERNLIGHT_KERNEL(ternary_to_rows);
TERNLIGHT_KERNEL(quantize_i8);
TERNLIGHT_KERNEL(group_sums_i8);
TERNLIGHT_KERNEL(quantize_i16);
TERNLIGHT_KERNEL(ternary_gemv);
TERNLIGHT_KERNEL(ternary_gemv_rows);
TERNLIGHT_KERNEL(ternary_gemm);
TERNLIGHT_KERNEL(ternary_grouped_gemv);
TERNLIGHT_KERNEL(f32_gemv);
TERNLIGHT_KERNEL(f16_gemv);
TERNLIGHT_KERNEL(bf16_gemv);
TERNLIGHT_KERNEL(int8_gemv);
TERNLIGHT_KERNEL(q8_0_gemv);
TERNLIGHT_KERNEL(q6_k_gemv);
TERNLIGHT_KERNEL(q4_0_gemv);
TERNLIGHT_KERNEL(q4_k_gemv);
TERNLIGHT_KERNEL(f32_to_int8_row);
TERNLIGHT_KERNEL(f16_to_int8_row);
TERNLIGHT_KERNEL(f16_to_f32);
TERNLIGHT_KERNEL(q6_k_encode);
TERNLIGHT_KERNEL(rms_norm);
TERNLIGHT_KERNEL(add);
TERNLIGHT_KERNEL(scale);
TERNLIGHT_KERNEL(relu2_mul);
TERNLIGHT_KERNEL(silu_mul);
TERNLIGHT_KERNEL(dequantize);
TERNLIGHT_KERNEL(rope_neox);
TERNLIGHT_KERNEL(rope_norm);
TERNLIGHT_KERNEL(scores_f32);
TERNLIGHT_KERNEL(scores_f16);
TERNLIGHT_KERNEL(scores_i8);
TERNLIGHT_KERNEL(softmax);
TERNLIGHT_KERNEL(mix_f32);
TERNLIGHT_KERNEL(mix_f16);
TERNLIGHT_KERNEL(mix_i8);
TERNLIGHT_KERNEL(to_f16);
TERNLIGHT_KERNEL(to_i8);
}  // namespace scalar

namespace simd128 {
TERNLIGHT_KERNEL(ternary_row_tokens);
TERNLIGHT_KERNEL(ternary_gemv_columns);
TERNLIGHT_KERNEL(ternary_to_columns);
TERNLIGHT_KERNEL(ternary_to_rows);
TERNLIGHT_KERNEL(quantize_i8);
TERNLIGHT_KERNEL(group_sums_i8);
TERNLIGHT_KERNEL(quantize_i16);
TERNLIGHT_KERNEL(ternary_gemv);
TERNLIGHT_KERNEL(ternary_gemv_rows);
TERNLIGHT_KERNEL(ternary_gemm);
TERNLIGHT_KERNEL(ternary_grouped_gemv);
TERNLIGHT_KERNEL(f32_gemv);
TERNLIGHT_KERNEL(f16_gemv);
TERNLIGHT_KERNEL(bf16_gemv);
TERNLIGHT_KERNEL(int8_gemv);
TERNLIGHT_KERNEL(q8_0_gemv);
TERNLIGHT_KERNEL(q6_k_gemv);
TERNLIGHT_KERNEL(q4_0_gemv);
TERNLIGHT_KERNEL(q4_k_gemv);
TERNLIGHT_KERNEL(f32_to_int8_row);
TERNLIGHT_KERNEL(f16_to_int8_row);
TERNLIGHT_KERNEL(f16_to_f32);
TERNLIGHT_KERNEL(q6_k_encode);
TERNLIGHT_KERNEL(rms_norm);
TERNLIGHT_KERNEL(add);
TERNLIGHT_KERNEL(scale);
TERNLIGHT_KERNEL(relu2_mul);
TERNLIGHT_KERNEL(silu_mul);
TERNLIGHT_KERNEL(dequantize);
TERNLIGHT_KERNEL(rope_neox);
TERNLIGHT_KERNEL(rope_norm);
TERNLIGHT_KERNEL(scores_f32);
TERNLIGHT_KERNEL(scores_f16);
TERNLIGHT_KERNEL(scores_i8);
TERNLIGHT_KERNEL(softmax);
TERNLIGHT_KERNEL(mix_f32);
TERNLIGHT_KERNEL(mix_f16);
TERNLIGHT_KERNEL(mix_i8);
TERNLIGHT_KERNEL(to_f16);
Pointee<decltype(Kernels::ternary_gemv)>::type ternary_gemv_lookup;
Pointee<decltype(Kernels::ternary_gemv_rows)>::type ternary_gemv_rows_lookup;
TERNLIGHT_KERNEL(to_i8);
}  // namespace simd128

namespace relaxed {
TERNLIGHT_KERNEL(ternary_row_tokens);
TERNLIGHT_KERNEL(ternary_gemv_columns);
}  // namespace relaxed

namespace relaxed_i32 {
TERNLIGHT_KERNEL(ternary_gemv);
TERNLIGHT_KERNEL(ternary_gemv_rows);
TERNLIGHT_KERNEL(ternary_gemm);
TERNLIGHT_KERNEL(ternary_grouped_gemv);
}  // namespace relaxed_i32

namespace relaxed_i16 {
TERNLIGHT_KERNEL(ternary_gemv);
TERNLIGHT_KERNEL(ternary_gemv_rows);
TERNLIGHT_KERNEL(ternary_gemm);
TERNLIGHT_KERNEL(ternary_grouped_gemv);
}  // namespace relaxed_i16

#undef TERNLIGHT_KERNEL

}  // namespace ternlight
