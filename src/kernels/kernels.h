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

// Queries of one KV head that the fast attention kernels compute together; more come in groups of as many.
constexpr size_t kQueriesTogether = 4;
// Positions whose products mix_i8 adds as integers: 256 * 127 * 32767 < 2^31.
constexpr size_t kMixBlock = 256;

struct Kernels {
  Isa isa;
  const char* gemv_method;  // what the ternary products with one vector (in rows) and with several are computed by
  const char* gemm_method;

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
  // The same for listed rows only: y[i] is row ids[i]'s. Exact.
  void (*ternary_gemv_rows)(const uint8_t* w, const uint32_t* ids, size_t rows, size_t k_padded, const int8_t* x,
                            int32_t* y);
  // The same for `tokens` vectors, x rows k_padded apart; y[t * y_stride + r]. Exact.
  void (*ternary_gemm)(const uint8_t* w, size_t rows, size_t k_padded, const int8_t* x, size_t tokens, int32_t* y,
                       size_t y_stride);
  // One row with some of several vectors, k_padded apart: y[ids[i] * y_stride] = sum_j code(j) * x[ids[i] * k_padded + j]. Exact.
  void (*ternary_row_tokens)(const uint8_t* w, size_t k_padded, const int8_t* x, const uint32_t* ids, size_t count,
                             int32_t* y, size_t y_stride);
  // Layout::ternary_columns, columns `stride` bytes apart, the first of `rows` (a multiple of 64) at w: y[r] = sum_i
  // code(r, ids[i]) * x[i] over the listed columns. Exact.
  void (*ternary_gemv_columns)(const uint8_t* w, size_t stride, const uint32_t* ids, const int8_t* x, size_t columns,
                               size_t rows, int32_t* y);
  // 64 rows of Layout::ternary to their 16 bytes in each of k_padded columns, and back.
  void (*ternary_to_columns)(const uint8_t* rows, size_t k_padded, uint8_t* columns, size_t stride);
  void (*ternary_to_rows)(const uint8_t* columns, size_t stride, size_t k_padded, uint8_t* rows);
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

  // ---- attention over the cache of one KV head -------------------------------------------------------------------
  // `count` positions, `stride` elements apart, for `queries` (at least 1) that share them: query j is at
  // q + j * head_dim, its scores or weights are at scores (p) + j * their stride, its result is at out + j * head_dim.
  // Each query gets the bits that it gets alone.
  // scores = scale * dot(q, key), 16 lanes
  void (*scores_f32)(const float* q, size_t queries, const float* keys, size_t stride, size_t count, size_t head_dim,
                     float scale, float* scores, size_t scores_stride);
  void (*scores_f16)(const float* q, size_t queries, const uint16_t* keys, size_t stride, size_t count, size_t head_dim,
                     float scale, float* scores, size_t scores_stride);
  // int8 keys, each with its step (a value is code * step): float(dot(q, key)) * (steps[i] * factors[j]); dot is exact,
  // the caller chooses `limit` of quantize_i16 so that 127 * limit * head_dim < 2^31.
  void (*scores_i8)(const int16_t* q, const float* factors, size_t queries, const int8_t* keys, const float* steps,
                    size_t stride, size_t count, size_t head_dim, float* scores, size_t scores_stride);
  // softmax in place: e = exp(x - max), then e * (1 / sum e), the sum in 16 lanes
  void (*softmax)(float* x, size_t n);
  // out[d] = sum over positions, ascending, of p[i] * value[i][d]
  void (*mix_f32)(const float* p, size_t queries, size_t p_stride, const float* values, size_t stride, size_t count,
                  size_t head_dim, float* out);
  void (*mix_f16)(const float* p, size_t queries, size_t p_stride, const uint16_t* values, size_t stride, size_t count,
                  size_t head_dim, float* out);
  // out[d] = sum over blocks of kMixBlock positions, ascending, of float(sum of c[i] * value[i][d]) * (1 / s). The
  // codes c and s are quantize_i16(p[i] * steps[i], limit 32767) of the block; the inner sum is exact.
  void (*mix_i8)(const float* p, size_t queries, size_t p_stride, const int8_t* values, const float* steps,
                 size_t stride, size_t count, size_t head_dim, float* out);
  void (*to_f16)(const float* x, size_t n, uint16_t* y);                        // round to nearest even
  // Absmax to int8, for the cache: y = round_half_even(x * s), s = 127 / max(max|x|, 1e-30); returns the step 1 / s.
  float (*to_i8)(const float* x, size_t n, int8_t* y);
};

// One way to compute the ternary products. All ways give the same bits; which is the fastest depends on the processor and
// on what the browser makes of an instruction, so it is measured (engine/choose_methods.cc) and not guessed.
struct TernaryMethod {
  const char* name;
  Isa isa;  // what it needs
  decltype(Kernels::ternary_gemv) gemv;
  decltype(Kernels::ternary_gemv_rows) gemv_rows;
  decltype(Kernels::ternary_grouped_gemv) grouped_gemv;
  decltype(Kernels::ternary_gemm) gemm;  // nullptr: has none of its own
};
struct TernaryMethods {
  const TernaryMethod* first;
  size_t count;
  const TernaryMethod* begin() const { return first; }
  const TernaryMethod* end() const { return first + count; }
};
TernaryMethods ternary_methods();  // of this build; what is likely to be fast comes first

void use_gemv(Kernels& kernels, const TernaryMethod& method);
void use_gemm(Kernels& kernels, const TernaryMethod& method);  // method.gemm is not nullptr

// The best table in this build that is not above `isa`, with the first methods that fit it.
Kernels make_kernels(Isa isa);
Isa best_isa();  // the highest this build contains

// True when every integer kernel of the table gives known answers on this machine. Engines have shipped relaxed-SIMD
// code that computes wrongly, so a build is used only after this has passed.
bool self_test(const Kernels& kernels);

}  // namespace ternlight
