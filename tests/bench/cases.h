// What the kernels are timed on, natively (kernels_bench.cc) and in browsers (wasm/kernel_bench_main.cc): the
// shapes of BitNet b1.58 2B4T (d 2560, FFN 6912, heads of 128, vocabulary 128256) and of a small model (d
// 256, FFN 768).
#pragma once

#include <cstddef>
#include <string>

namespace ternlight::bench {

struct Case {
  const char* kernel;  // the field of Kernels, or "read": the plain read loop of read_bandwidth.h
  size_t rows, k;     // a matrix; a vector is one row; for attention positions and head_dim; for "read" bytes
  size_t tokens = 1;  // vectors multiplied at once; for "read" the streams walked together
  size_t copies = 1;  // different matrices of this shape, one after another: what a pass over many layers is
};

constexpr Case kCases[] = {
    // The machine's read bandwidth, by the number of places that are read from at once.
    {"read", 65536, 4096, 1},
    {"read", 65536, 4096, 4},
    {"read", 65536, 4096, 8},

    // In cache: the small model's shapes, then 2B4T's k and v, q and o, gate and up, down.
    {"ternary_gemv", 256, 256},
    {"ternary_gemv", 768, 256},
    {"ternary_gemv", 640, 2560},
    {"ternary_gemv", 2560, 2560},
    {"ternary_gemv", 6912, 2560},
    {"ternary_gemv", 2560, 6912},
    // From memory, 270 MB each: matrix by matrix as in a decoded token, and one long one.
    {"ternary_gemv", 2560, 2560, 1, 166},
    {"ternary_gemv", 6912, 2560, 1, 62},
    {"ternary_gemv", 2560, 6912, 1, 62},
    {"ternary_gemv", 425984, 2560},

    // What zeros leave over of 2B4T's up (a quarter of the rows) and down (an eighth of the columns): in cache, from memory.
    {"ternary_gemv_rows", 1728, 2560},
    {"ternary_gemv_rows", 1728, 2560, 1, 62},
    {"ternary_row_tokens", 1, 2560, 16},
    {"ternary_gemv_columns", 2560, 864},
    {"ternary_gemv_columns", 2560, 864, 1, 62},
    {"ternary_to_columns", 64, 6912},
    {"ternary_to_rows", 64, 6912},

    {"ternary_gemm", 768, 256, 64},
    {"ternary_gemm", 2560, 2560, 2},
    {"ternary_gemm", 2560, 2560, 4},
    {"ternary_gemm", 2560, 2560, 8},
    {"ternary_gemm", 2560, 2560, 16},
    {"ternary_gemm", 2560, 2560, 64},
    {"ternary_gemm", 6912, 2560, 64},
    {"ternary_gemm", 2560, 6912, 64},
    {"ternary_grouped_gemv", 2560, 2560},
    {"ternary_grouped_gemv", 6912, 2560, 1, 62},

    // Heads: a piece of 2B4T's that stays in cache, and the whole.
    {"int8_gemv", 4096, 256},
    {"int8_gemv", 400, 2560},
    {"int8_gemv", 128256, 2560},
    {"q8_0_gemv", 400, 2560},
    {"q8_0_gemv", 128256, 2560},
    {"q6_k_gemv", 400, 2560},
    {"q6_k_gemv", 128256, 2560},
    {"q4_0_gemv", 400, 2560},
    {"q4_0_gemv", 128256, 2560},
    {"q4_k_gemv", 400, 2560},
    {"q4_k_gemv", 128256, 2560},
    {"f16_gemv", 400, 2560},
    {"f16_gemv", 128256, 2560},
    {"bf16_gemv", 400, 2560},
    {"f32_gemv", 400, 2560},

    // One head's attention to so many positions.
    {"scores_f16", 512, 128},
    {"scores_f16", 4096, 128},
    {"scores_f32", 512, 128},
    {"softmax", 1, 512},
    {"softmax", 1, 4096},
    {"mix_f16", 512, 128},
    {"mix_f16", 4096, 128},
    {"mix_f32", 512, 128},
    {"scores_f16", 4096, 128, 4},  // the queries of one KV head
    {"mix_f16", 4096, 128, 4},
    {"scores_i8", 4096, 128, 4},
    {"mix_i8", 4096, 128, 4},
    {"to_f16", 1, 640},
    {"to_i8", 1, 128},
    // A row of 2B4T's embedding on its way into memory; a block of one.
    {"f16_to_f32", 1, 2560},
    {"f16_to_int8_row", 1, 2560},
    {"f32_to_int8_row", 1, 2560},
    {"q6_k_encode", 1, 256},
    {"rope_neox", 1, 128},
    {"rope_norm", 1, 128},

    {"quantize_i8", 1, 2560},
    {"quantize_i8", 1, 6912},
    {"quantize_i16", 1, 2560},
    {"group_sums_i8", 1, 2560},
    {"dequantize", 1, 2560},
    {"rms_norm", 1, 2560},
    {"rms_norm", 1, 6912},
    {"relu2_mul", 1, 6912},
    {"silu_mul", 1, 6912},
    {"add", 1, 2560},
    {"scale", 1, 2560},
};

// "2560x6912", "2560x2560 x16" (tokens), "2560x2560 *62" (copies), "6912" (a vector), "268 MB x8" (streams).
inline std::string shape(const Case& c) {
  if (std::string(c.kernel) == "read") {
    return std::to_string(c.rows * c.k / 1000000) + " MB x" + std::to_string(c.tokens);
  }
  std::string text = c.rows == 1 ? "" : std::to_string(c.rows) + "x";
  text += std::to_string(c.k);
  if (c.tokens > 1) text += " x" + std::to_string(c.tokens);
  if (c.copies > 1) text += " *" + std::to_string(c.copies);
  return text;
}

}  // namespace ternlight::bench
