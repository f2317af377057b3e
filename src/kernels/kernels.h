// The table of hot loops. The scalar kernel is the specification: a faster one gives the same bits, always.
//
// Integer kernels are exact. Float sums have one fixed order, "16 lanes": s[i % 16] += term(i) for i = 0, 1, 2, ...;
// then v[j] = (s[j] + s[j+4]) + (s[j+8] + s[j+12]) for j = 0..3; then (v[0] + v[1]) + (v[2] + v[3]). Products are
// rounded before they are added (no fused multiply-add). Where another order holds, the field says so.
//
// This folder sees nothing but itself and <stddef.h>, <stdint.h>, <string.h>, <math.h> (sqrtf), <wasm_simd128.h>, so
// that any compiler can build it alone. Sizes are at least 1 where nothing else is said. NaN and infinity are defined
// but not meaningful: quantisers ignore a NaN (it becomes 0) and give 0 throughout when the maximum is infinite.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace ternlight {

enum class Isa : uint8_t { scalar, simd128, relaxed_simd };

const char* name(Isa isa);

// An activation vector quantised to int8: x[i] is close to q[i] / scale.
struct QuantizedI8 {
  float scale;  // 127 / max(max|x|, 1e-5)
  int32_t sum;  // of all q[i]
};

struct Kernels {
  Isa isa;

  // ---- activations ------------------------------------------------------------------------------------------------
  // BitNet's per-token absmax quantisation: q = clamp(round_half_even(x * scale), -128, 127). Writes n_padded values,
  // zero from n on (n_padded % 128 == 0). b1.58 paper (arXiv 2402.17764), eq. 4 and 5.
  QuantizedI8 (*quantize_i8)(const float* x, size_t n, int8_t* q, size_t n_padded);
  // Sums of q over each group of 256 (the last may be shorter): ceil(n_padded / 256) values.
  void (*group_sums_i8)(const int8_t* q, size_t n_padded, int32_t* sums);
  // Absmax to int16, for the output head: q = round_half_even(x * s), s = limit / max(max|x|, 1e-30); returns s.
  float (*quantize_i16)(const float* x, size_t n, int32_t limit, int16_t* q);

  // ---- matrix times vector(s); w points at the first of `rows` rows ----------------------------------------------
  // Layout::ternary. y[r] = sum_i code(r, i) * x[i], codes 0..2, i < k_padded = k rounded up to 128. Exact.
  void (*ternary_gemv)(const uint8_t* w, size_t rows, size_t k_padded, const int8_t* x, int32_t* y);
  // The same for `tokens` vectors, x rows k_padded apart; y[t * y_stride + r]. Exact.
  void (*ternary_gemm)(const uint8_t* w, size_t rows, size_t k_padded, const int8_t* x, size_t tokens, int32_t* y,
                       size_t y_stride);
  // Layout::ternary_grouped. y[r] = sum_g scales[r * groups + g] * float(dot(r, g) - sums[g]), g ascending, one
  // accumulator. dot over 256 weights is exact; sums is what group_sums_i8 gives.
  void (*ternary_grouped_gemv)(const uint8_t* w, const float* scales, size_t rows, size_t k_padded, const int8_t* x,
                               const int32_t* sums, float* y);
  // Float layouts: y[r] = dot(row r, x), 16 lanes.
  void (*f32_gemv)(const float* w, size_t rows, size_t k, const float* x, float* y);
  void (*f16_gemv)(const uint16_t* w, size_t rows, size_t k, const float* x, float* y);
  void (*bf16_gemv)(const uint16_t* w, size_t rows, size_t k, const float* x, float* y);
  // Layout::int8_row with int16 activations: y[r] = sum_i w(r, i) * x[i], exact in int32 (the caller chooses `limit`
  // of quantize_i16 so that 128 * limit * k < 2^31). x is padded with zeros to k_padded, k rounded up to 16.
  void (*int8_gemv)(const int8_t* w, size_t rows, size_t k_padded, const int16_t* x, int32_t* y);
  // Block layouts with int16 activations. y[r] = sum over sub-blocks (32 weights; 16 for q6_k), ascending, one
  // accumulator, of the terms each field names; int sums are exact, |x| <= 32767.
  void (*q8_0_gemv)(const uint8_t* w, size_t rows, size_t k, const int16_t* x, float* y);  // d * float(sum q x)
  void (*q6_k_gemv)(const uint8_t* w, size_t rows, size_t k, const int16_t* x, float* y);  // (d*sc) * float(sum (q-32) x)
  void (*q4_0_gemv)(const uint8_t* w, size_t rows, size_t k, const int16_t* x, float* y);  // d * float(sum (q-8) x)
  // (d*sc) * float(sum q x) - (dmin*mn) * float(sum x): the difference of the two rounded products is added
  void (*q4_k_gemv)(const uint8_t* w, size_t rows, size_t k, const int16_t* x, float* y);

  // ---- weights, at load time ---------------------------------------------------------------------------------------
  // A row of k weights for Layout::int8_row: codes round_half_even(w * 127 / max|w|), zeros up to a multiple of 16;
  // returns the scale max|w| / 127. Below 1e-35 a row is zero, with scale 0; so is the scale of one that is not finite.
  float (*f32_to_int8_row)(const float* x, size_t k, int8_t* row);
  float (*f16_to_int8_row)(const uint16_t* x, size_t k, int8_t* row);
  void (*f16_to_f32)(const uint16_t* x, size_t n, float* y);
  // 256 weights to the parts of a Q6_K block: codes 0..63 and scales of each 16; returns d, an f16. For each 16 weights the
  // scale s for which s * code, code -32..31, comes closest in the square is looked for among a few steps around the one
  // that maps the extreme weight to the end of the range, each with its best scale for its codes.
  uint16_t (*q6_k_encode)(const float* x, uint8_t* codes, int8_t* scales);

  // ---- element-wise and reductions --------------------------------------------------------------------------------
  // y = x * (1 / sqrt(mean(x^2) + eps)) * w; the sum of squares in 16 lanes; y may be x.
  void (*rms_norm)(const float* x, const float* w, float eps, size_t n, float* y);
  void (*add)(float* x, const float* y, size_t n);                              // x += y
  void (*scale)(float* x, float factor, size_t n);                              // x *= factor
  void (*relu2_mul)(const float* gate, const float* up, size_t n, float* y);    // max(gate,0)^2 * up; y may be gate
  void (*silu_mul)(const float* gate, const float* up, size_t n, float* y);     // gate/(1+exp(-gate)) * up
  // y[i] = (float(acc[i] - sum) / act_scale) * weight_scale: from ternary dot products to floats (BitLinear).
  void (*dequantize)(const int32_t* acc, int32_t sum, float act_scale, float weight_scale, size_t n, float* y);
  // Rotates one head in place. sin_cos holds n_rot/2 sines, then n_rot/2 cosines, of this position.
  void (*rope_neox)(float* x, const float* sin_cos, size_t n_rot);              // pairs (i, i + n_rot/2)
  void (*rope_norm)(float* x, const float* sin_cos, size_t n_rot);              // pairs (2i, 2i+1)

  // ---- attention over the cache of one head: `count` positions, `stride` elements apart ---------------------------
  void (*scores_f32)(const float* q, const float* keys, size_t stride, size_t count, size_t head_dim, float scale,
                     float* scores);                                            // scale * dot(q, key), 16 lanes
  void (*scores_f16)(const float* q, const uint16_t* keys, size_t stride, size_t count, size_t head_dim, float scale,
                     float* scores);
  // softmax in place: e = exp(x - max), then e * (1 / sum e), the sum in 16 lanes
  void (*softmax)(float* x, size_t n);
  // out[d] = sum over positions, ascending, of p[i] * value[i][d]
  void (*mix_f32)(const float* p, const float* values, size_t stride, size_t count, size_t head_dim, float* out);
  void (*mix_f16)(const float* p, const uint16_t* values, size_t stride, size_t count, size_t head_dim, float* out);
  void (*to_f16)(const float* x, size_t n, uint16_t* y);                        // round to nearest even
};

// The best table in this build that is not above `isa`.
Kernels make_kernels(Isa isa);
Isa best_isa();  // the highest this build contains

// True when every integer kernel of the table gives known answers on this machine. Engines have shipped relaxed-SIMD
// code that computes wrongly, so a build is used only after this has passed.
bool self_test(const Kernels& kernels);

}  // namespace ternlight
