// Weights to the layouts of the head, SIMD128: weights_scalar.cc lane by lane.
#include "kernels/simd-inl.h"
#include "kernels/variants.h"

namespace ternlight::simd128 {
namespace {

// Rounds sixteen finite products to int8. Nothing to clamp: the largest is 127 * (1 + 2^-22), which rounds to
// 127.
inline v128_t round_to_int8(const v128_t* x, v128_t inverse) {
  const v128_t magic = wasm_f32x4_const_splat(0x1.8p+23f), offset = wasm_i32x4_const_splat(0x4B400000);
  v128_t q[4];
  for (size_t i = 0; i < 4; ++i) {
    q[i] = wasm_i32x4_sub(wasm_f32x4_add(wasm_f32x4_mul(x[i], inverse), magic), offset);
  }
  return wasm_i8x16_narrow_i16x8(wasm_i16x8_narrow_i32x4(q[0], q[1]), wasm_i16x8_narrow_i32x4(q[2], q[3]));
}

inline void load_weights(const float* p, v128_t* out) {
  for (size_t i = 0; i < 4; ++i) out[i] = wasm_v128_load(p + 4 * i);
}
inline void load_weights(const uint16_t* p, v128_t* out) { load_halves_x16(p, out); }

// The largest magnitude's bits, as the type has them.
uint32_t max_bits(const float* x, size_t k) {
  const v128_t mask = wasm_i32x4_const_splat(0x7FFFFFFF);
  v128_t m0 = wasm_i32x4_const_splat(0), m1 = m0;
  for (size_t i = 0; i < k; i += 8) {
    m0 = wasm_i32x4_max(m0, wasm_v128_and(wasm_v128_load(x + i), mask));
    m1 = wasm_i32x4_max(m1, wasm_v128_and(wasm_v128_load(x + i + 4), mask));
  }
  m0 = wasm_i32x4_max(m0, m1);
  m0 = wasm_i32x4_max(m0, wasm_i32x4_shuffle(m0, m0, 2, 3, 0, 1));
  m0 = wasm_i32x4_max(m0, wasm_i32x4_shuffle(m0, m0, 1, 0, 3, 2));
  return static_cast<uint32_t>(wasm_i32x4_extract_lane(m0, 0));
}

uint32_t max_bits(const uint16_t* x, size_t k) {
  const v128_t mask = wasm_i16x8_const_splat(0x7FFF);
  v128_t m0 = wasm_i16x8_const_splat(0), m1 = m0;
  for (size_t i = 0; i < k; i += 16) {
    m0 = wasm_i16x8_max(m0, wasm_v128_and(wasm_v128_load(x + i), mask));
    m1 = wasm_i16x8_max(m1, wasm_v128_and(wasm_v128_load(x + i + 8), mask));
  }
  uint16_t lanes[8], max = 0;
  wasm_v128_store(lanes, wasm_i16x8_max(m0, m1));
  for (const uint16_t m : lanes) max = m > max ? m : max;
  return max;
}

inline float magnitude_of(const float*, uint32_t bits) { return float_from_bits(bits); }
inline float magnitude_of(const uint16_t*, uint32_t bits) {
  return half_to_float(static_cast<uint16_t>(bits));
}

template <class T>
float int8_row(const T* x, size_t k, int8_t* row, float (*scalar_row)(const T*, size_t, int8_t*)) {
  // Rows of odd lengths are not met in models; neither are rows that are not finite, or zero.
  if (k % 16 != 0) return scalar_row(x, k, row);
  const float amax = magnitude_of(x, max_bits(x, k));
  if (!(amax > 1e-35f && amax <= 0x1.fffffep+127f)) return scalar_row(x, k, row);
  const float inverse = 127.0f / amax;
  const v128_t factor = wasm_f32x4_splat(inverse);
  for (size_t i = 0; i < k; i += 16) {
    v128_t w[4];
    load_weights(x + i, w);
    wasm_v128_store(row + i, round_to_int8(w, factor));
  }
  return amax / 127.0f;
}

inline float magnitude(float x) { return float_from_bits(float_bits(x) & 0x7FFFFFFFu); }

// Four vectors to the vector of their lane sums, each (0 + 1) + (2 + 3).
inline v128_t sum_lanes_f32(const v128_t* v) {
  const v128_t low01 = wasm_i32x4_shuffle(v[0], v[1], 0, 4, 1, 5),
               low23 = wasm_i32x4_shuffle(v[2], v[3], 0, 4, 1, 5);
  const v128_t high01 = wasm_i32x4_shuffle(v[0], v[1], 2, 6, 3, 7),
               high23 = wasm_i32x4_shuffle(v[2], v[3], 2, 6, 3, 7);
  const v128_t low =
      wasm_f32x4_add(wasm_i64x2_shuffle(low01, low23, 0, 2), wasm_i64x2_shuffle(low01, low23, 1, 3));
  const v128_t high =
      wasm_f32x4_add(wasm_i64x2_shuffle(high01, high23, 0, 2), wasm_i64x2_shuffle(high01, high23, 1, 3));
  return wasm_f32x4_add(low, high);
}

// The first weight of the largest magnitude, NaN left out; 0 when there is none.
inline float extreme_of(const float* p, const v128_t* x) {
  v128_t a[4];
  for (size_t i = 0; i < 4; ++i) a[i] = wasm_f32x4_abs(x[i]);
  // pmax(a, b) = a < b ? b : a, which keeps a when b is NaN.
  v128_t m = wasm_f32x4_const_splat(0.0f);
  for (size_t i = 0; i < 4; ++i) m = wasm_f32x4_pmax(m, a[i]);
  m = wasm_f32x4_pmax(m, wasm_i32x4_shuffle(m, m, 2, 3, 0, 1));
  m = wasm_f32x4_pmax(m, wasm_i32x4_shuffle(m, m, 1, 0, 3, 2));
  const v128_t low = wasm_i16x8_narrow_i32x4(wasm_f32x4_eq(a[0], m), wasm_f32x4_eq(a[1], m));
  const v128_t high = wasm_i16x8_narrow_i32x4(wasm_f32x4_eq(a[2], m), wasm_f32x4_eq(a[3], m));
  const auto found = static_cast<uint32_t>(wasm_i8x16_bitmask(wasm_i8x16_narrow_i16x8(low, high)));
  return found == 0 ? 0.0f : p[__builtin_ctz(found)];
}

// x kept in low..high, NaN as low. pmax(a, b) = a < b ? b : a, pmin(a, b) = b < a ? b : a.
inline v128_t clamped(v128_t x, float low, float high) {
  return wasm_f32x4_pmin(wasm_f32x4_splat(high), wasm_f32x4_pmax(wasm_f32x4_splat(low), x));
}

constexpr size_t kSteps = 5;

// Sums of x * code and of code^2 for the five scales that are tried.
struct Fits {
  float xq[8], qq[8];
};

inline void try_scales(const v128_t* x, float extreme, Fits& fits) {
  const v128_t magic = wasm_f32x4_const_splat(0x1.8p+23f);
  float inverses[kSteps];
  wasm_v128_store(inverses, wasm_f32x4_div(wasm_f32x4_const(-31.5f, -31.75f, -32.0f, -32.25f),
                                           wasm_f32x4_splat(extreme)));
  inverses[4] = -32.5f / extreme;
  v128_t xq[8], qq[8];
  for (size_t step = 0; step < 8; ++step) xq[step] = qq[step] = wasm_f32x4_const_splat(0.0f);
  for (size_t step = 0; step < kSteps; ++step) {
    const v128_t inverse = wasm_f32x4_splat(inverses[step]);
    for (size_t i = 0; i < 4; ++i) {
      const v128_t kept = clamped(wasm_f32x4_mul(x[i], inverse), -32.0f, 31.0f);
      const v128_t code = wasm_f32x4_sub(wasm_f32x4_add(kept, magic), magic);
      xq[step] = wasm_f32x4_add(xq[step], wasm_f32x4_mul(x[i], code));
      qq[step] = wasm_f32x4_add(qq[step], wasm_f32x4_mul(code, code));  // exact: at most 16 * 32^2
    }
  }
  for (size_t step = 0; step < 8; step += 4) {
    wasm_v128_store(fits.xq + step, sum_lanes_f32(xq + step));
    wasm_v128_store(fits.qq + step, sum_lanes_f32(qq + step));
  }
}

// Without branches: which scale is the best cannot be foreseen, and a wrong guess costs more than all of
// this.
float q6_k_scale(const float* p) {
  v128_t x[4];
  load_weights(p, x);
  const float extreme = extreme_of(p, x);
  if (magnitude(extreme) < 1e-30f) return 0.0f;
  Fits fits;
  try_scales(x, extreme, fits);
  float scale = 0.0f, best = -1.0f;
  for (size_t step = 0; step < kSteps; ++step) {
    const float xq = fits.xq[step], qq = fits.qq[step];
    const float gain = xq * xq / qq, fitted = xq / qq;
    const bool better = (qq > 0.0f) & (xq * xq > best * qq);
    best = better ? gain : best;
    scale = better ? fitted : scale;
  }
  return scale;
}

}  // namespace

float f32_to_int8_row(const float* x, size_t k, int8_t* row) {
  return int8_row(x, k, row, scalar::f32_to_int8_row);
}

float f16_to_int8_row(const uint16_t* x, size_t k, int8_t* row) {
  return int8_row(x, k, row, scalar::f16_to_int8_row);
}

void f16_to_f32(const uint16_t* x, size_t n, float* y) {
  size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    v128_t v[4];
    load_halves_x16(x + i, v);
    for (size_t j = 0; j < 4; ++j) wasm_v128_store(y + i + 4 * j, v[j]);
  }
  for (; i < n; ++i) y[i] = half_to_float(x[i]);
}

uint16_t q6_k_encode(const float* x, uint8_t* codes, int8_t* scales) {
  float wanted[16];
  float extreme = 0.0f;
  for (size_t g = 0; g < 16; ++g) {
    wanted[g] = q6_k_scale(x + 16 * g);
    if (magnitude(wanted[g]) > magnitude(extreme)) extreme = wanted[g];
  }
  const uint16_t half = float_to_half(extreme / -128.0f);
  const float d = half_to_float(half);
  const v128_t inverse_d = wasm_f32x4_splat(d != 0.0f ? 1.0f / d : 0.0f);
  const v128_t magic = wasm_f32x4_const_splat(0x1.8p+23f), one = wasm_f32x4_const_splat(1.0f);
  // The codes' offset of 32 is part of what the magic number leaves behind.
  const v128_t offset = wasm_i32x4_const_splat(0x4B400000 - 32);
  for (size_t g = 0; g < 16; g += 4) {
    const v128_t kept = clamped(wasm_f32x4_mul(wasm_v128_load(wanted + g), inverse_d), -128.0f, 127.0f);
    const v128_t scale = wasm_f32x4_sub(wasm_f32x4_add(kept, magic), magic);
    const v128_t step = wasm_f32x4_mul(wasm_f32x4_splat(d), scale);  // what a reader multiplies with
    const v128_t is_zero = wasm_f32x4_eq(step, wasm_f32x4_const_splat(0.0f));
    float scale_of[4], inverse_of[4];
    wasm_v128_store(scale_of, scale);
    wasm_v128_store(inverse_of, wasm_v128_andnot(wasm_f32x4_div(one, step), is_zero));
    for (size_t j = 0; j < 4; ++j) {
      scales[g + j] = static_cast<int8_t>(scale_of[j]);
      const v128_t inverse = wasm_f32x4_splat(inverse_of[j]);
      v128_t q[4];
      load_weights(x + 16 * (g + j), q);
      for (v128_t& v : q) {
        v = wasm_i32x4_sub(wasm_f32x4_add(clamped(wasm_f32x4_mul(v, inverse), -32.0f, 31.0f), magic), offset);
      }
      const v128_t low = wasm_i16x8_narrow_i32x4(q[0], q[1]), high = wasm_i16x8_narrow_i32x4(q[2], q[3]);
      wasm_v128_store(codes + 16 * (g + j), wasm_i8x16_narrow_i16x8(low, high));
    }
  }
  return half;
}

}  // namespace ternlight::simd128
