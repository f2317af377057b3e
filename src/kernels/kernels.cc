// The dispatch matrix: which implementation fills each field, per Isa. A field that a section does not name
// keeps the one from the section above.
#include "kernels/kernels.h"

#include "kernels/variants.h"

namespace ternlight {
namespace {

constexpr TernaryMethod kMethods[] = {
#if TERNLIGHT_HAVE_RELAXED_SIMD
    {"dot-i16", Isa::relaxed_simd, relaxed_i16::ternary_gemv, relaxed_i16::ternary_gemv_rows, relaxed_i16::ternary_grouped_gemv,
     relaxed_i16::ternary_gemm},
    {"dot-i32", Isa::relaxed_simd, relaxed_i32::ternary_gemv, relaxed_i32::ternary_gemv_rows, relaxed_i32::ternary_grouped_gemv,
     relaxed_i32::ternary_gemm},
#endif
#if TERNLIGHT_HAVE_SIMD128
    {"products", Isa::simd128, simd128::ternary_gemv, simd128::ternary_gemv_rows, simd128::ternary_grouped_gemv,
     simd128::ternary_gemm},
    {"look-up", Isa::simd128, simd128::ternary_gemv_lookup, simd128::ternary_gemv_rows_lookup, simd128::ternary_grouped_gemv,
     nullptr},
#endif
    {"scalar", Isa::scalar, scalar::ternary_gemv, scalar::ternary_gemv_rows, scalar::ternary_grouped_gemv,
     scalar::ternary_gemm},
};
constexpr size_t kMethodCount = sizeof kMethods / sizeof *kMethods;

}  // namespace

TernaryMethods ternary_methods() { return {kMethods, kMethodCount}; }

void use_gemv(Kernels& kernels, const TernaryMethod& method) {
  kernels.gemv_method = method.name;
  kernels.ternary_gemv = method.gemv;
  kernels.ternary_gemv_rows = method.gemv_rows;
  kernels.ternary_grouped_gemv = method.grouped_gemv;
}

void use_gemm(Kernels& kernels, const TernaryMethod& method) {
  kernels.gemm_method = method.name;
  kernels.ternary_gemm = method.gemm;
}

const char* name(Isa isa) {
  switch (isa) {
    case Isa::scalar:
      return "scalar";
    case Isa::simd128:
      return "simd128";
    case Isa::relaxed_simd:
      return "relaxed_simd";
  }
  return "unknown";
}

Isa best_isa() {
#if TERNLIGHT_HAVE_RELAXED_SIMD
  return Isa::relaxed_simd;
#elif TERNLIGHT_HAVE_SIMD128
  return Isa::simd128;
#else
  return Isa::scalar;
#endif
}

Kernels make_kernels(Isa isa) {
  Kernels k = {
      .isa = Isa::scalar,
      .gemv_method = "scalar",
      .gemm_method = "scalar",
      .quantize_i8 = scalar::quantize_i8,
      .group_sums_i8 = scalar::group_sums_i8,
      .quantize_i16 = scalar::quantize_i16,
      .ternary_gemv = scalar::ternary_gemv,
      .ternary_gemv_rows = scalar::ternary_gemv_rows,
      .ternary_gemm = scalar::ternary_gemm,
      .ternary_row_tokens = scalar::ternary_row_tokens,
      .ternary_gemv_columns = scalar::ternary_gemv_columns,
      .ternary_to_columns = scalar::ternary_to_columns,
      .ternary_to_rows = scalar::ternary_to_rows,
      .ternary_grouped_gemv = scalar::ternary_grouped_gemv,
      .f32_gemv = scalar::f32_gemv,
      .f16_gemv = scalar::f16_gemv,
      .bf16_gemv = scalar::bf16_gemv,
      .int8_gemv = scalar::int8_gemv,
      .q8_0_gemv = scalar::q8_0_gemv,
      .q6_k_gemv = scalar::q6_k_gemv,
      .q4_0_gemv = scalar::q4_0_gemv,
      .q4_k_gemv = scalar::q4_k_gemv,
      .f32_to_int8_row = scalar::f32_to_int8_row,
      .f16_to_int8_row = scalar::f16_to_int8_row,
      .f16_to_f32 = scalar::f16_to_f32,
      .q6_k_encode = scalar::q6_k_encode,
      .rms_norm = scalar::rms_norm,
      .add = scalar::add,
      .scale = scalar::scale,
      .relu2_mul = scalar::relu2_mul,
      .silu_mul = scalar::silu_mul,
      .dequantize = scalar::dequantize,
      .rope_neox = scalar::rope_neox,
      .rope_norm = scalar::rope_norm,
      .scores_f32 = scalar::scores_f32,
      .scores_f16 = scalar::scores_f16,
      .scores_i8 = scalar::scores_i8,
      .softmax = scalar::softmax,
      .mix_f32 = scalar::mix_f32,
      .mix_f16 = scalar::mix_f16,
      .mix_i8 = scalar::mix_i8,
      .to_f16 = scalar::to_f16,
      .to_i8 = scalar::to_i8,
  };
#if TERNLIGHT_HAVE_SIMD128
  if (isa >= Isa::simd128) {
    k.isa = Isa::simd128;
    k.quantize_i8 = simd128::quantize_i8;
    k.group_sums_i8 = simd128::group_sums_i8;
    k.quantize_i16 = simd128::quantize_i16;
    k.ternary_row_tokens = simd128::ternary_row_tokens;
    k.ternary_gemv_columns = simd128::ternary_gemv_columns;
    k.ternary_to_columns = simd128::ternary_to_columns;
    k.ternary_to_rows = simd128::ternary_to_rows;
    k.f32_gemv = simd128::f32_gemv;
    k.f16_gemv = simd128::f16_gemv;
    k.bf16_gemv = simd128::bf16_gemv;
    k.int8_gemv = simd128::int8_gemv;
    k.q8_0_gemv = simd128::q8_0_gemv;
    k.q6_k_gemv = simd128::q6_k_gemv;
    k.q4_0_gemv = simd128::q4_0_gemv;
    k.q4_k_gemv = simd128::q4_k_gemv;
    k.f32_to_int8_row = simd128::f32_to_int8_row;
    k.f16_to_int8_row = simd128::f16_to_int8_row;
    k.f16_to_f32 = simd128::f16_to_f32;
    k.q6_k_encode = simd128::q6_k_encode;
    k.rms_norm = simd128::rms_norm;
    k.add = simd128::add;
    k.scale = simd128::scale;
    k.relu2_mul = simd128::relu2_mul;
    k.silu_mul = simd128::silu_mul;
    k.dequantize = simd128::dequantize;
    k.rope_neox = simd128::rope_neox;
    k.rope_norm = simd128::rope_norm;
    k.scores_f32 = simd128::scores_f32;
    k.scores_f16 = simd128::scores_f16;
    k.scores_i8 = simd128::scores_i8;
    k.softmax = simd128::softmax;
    k.mix_f32 = simd128::mix_f32;
    k.mix_f16 = simd128::mix_f16;
    k.mix_i8 = simd128::mix_i8;
    k.to_f16 = simd128::to_f16;
    k.to_i8 = simd128::to_i8;
  }
#endif
#if TERNLIGHT_HAVE_RELAXED_SIMD
  if (isa >= Isa::relaxed_simd) {
    k.isa = Isa::relaxed_simd;
    k.ternary_row_tokens = relaxed::ternary_row_tokens;
    k.ternary_gemv_columns = relaxed::ternary_gemv_columns;
  }
#endif
  // Behind the others: the first that fits is the one.
  for (size_t i = kMethodCount; i-- > 0;) {
    if (kMethods[i].isa > isa) continue;
    use_gemv(k, kMethods[i]);
    if (kMethods[i].gemm != nullptr) use_gemm(k, kMethods[i]);
  }
  return k;
}

}  // namespace ternlight
