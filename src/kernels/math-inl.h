// exp for f32, and exp, log, sin and cos for f64, from + - * / and bit operations alone, so that every
// compiler and machine gives the same bits (libm does not). No contraction to fused multiply-add may happen:
// -ffp-contract=off. Errors: f32 and f64 below 1 ulp (tests/kernels/math_test.cc). simd-inl.h holds exp_f32's
// twin for four lanes.
#pragma once

#include <stdint.h>
#include <string.h>

#include "kernels/half.h"

namespace ternlight {

// exp(x) = 2^n exp(r), n = round(x / ln 2), |r| <= ln(2) / 2. The coefficients are a near-minimax fit of
// (exp(r) - 1 - r) / r^2 (relative error of exp 3.7e-9, a sixteenth of an f32 ulp).
namespace exp_f32_constants {
constexpr float kMax = 89.0f;    // exp overflows to infinity
constexpr float kMin = -104.0f;  // exp rounds to zero
constexpr float kLog2e = 0x1.715476p+0f;
constexpr float kRound = 0x1.8p+23f;   // adding it leaves the nearest integer in the low mantissa bits
constexpr float kLn2Hi = 0x1.62ep-1f;  // 14 bits: n * kLn2Hi is exact
constexpr float kLn2Lo = 0x1.0bfbe8p-15f;
constexpr float kC2 = 0x1.fffff8p-2f;
constexpr float kC3 = 0x1.55548ep-3f;
constexpr float kC4 = 0x1.555b5ep-5f;
constexpr float kC5 = 0x1.123c28p-7f;
constexpr float kC6 = 0x1.687a68p-10f;
}  // namespace exp_f32_constants

// Infinity above 88.72, gradual underflow below -87.3, NaN for NaN.
inline float exp_f32(float x) {
  using namespace exp_f32_constants;
  x = kMax < x ? kMax : x;  // in this order NaN passes
  x = x < kMin ? kMin : x;
  const float shifted = x * kLog2e + kRound;
  const float n = shifted - kRound;
  const float r = (x - n * kLn2Hi) - n * kLn2Lo;
  const float p = (((kC6 * r + kC5) * r + kC4) * r + kC3) * r + kC2;
  const float e = (p * (r * r) + r) + 1.0f;
  // 2^n as two factors, since n reaches from -150 to 128 and one f32 power of two does not.
  const uint32_t exponent = float_bits(shifted) - float_bits(kRound);
  const uint32_t half = static_cast<uint32_t>(static_cast<int32_t>(exponent) >> 1);
  const float factor1 = float_from_bits((half + 127u) << 23);
  const float factor2 = float_from_bits((exponent - half + 127u) << 23);
  return (e * factor1) * factor2;
}

inline uint64_t double_bits(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

inline double double_from_bits(uint64_t bits) {
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

constexpr double kLn2HiF64 = 0x1.62e42feep-1;  // 32 bits: times an exponent it is exact
constexpr double kLn2LoF64 = 0x1.a39ef35793c76p-33;

// exp for |x| <= 700 (the result stays a normal number).
inline double exp_f64(double x) {
  constexpr double kRound = 0x1.8p+52;
  const double shifted = x * 0x1.71547652b82fep+0 + kRound;
  const double n = shifted - kRound;
  const double r = (x - n * kLn2HiF64) - n * kLn2LoF64;
  // Taylor to r^13: the rest is below (ln(2)/2)^14 / 14! = 4.2e-18.
  double p = 1.0 / 6227020800.0;
  p = p * r + 1.0 / 479001600.0;
  p = p * r + 1.0 / 39916800.0;
  p = p * r + 1.0 / 3628800.0;
  p = p * r + 1.0 / 362880.0;
  p = p * r + 1.0 / 40320.0;
  p = p * r + 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  const double e = (p * (r * r) + r) + 1.0;
  const uint64_t exponent = double_bits(shifted) - double_bits(kRound);
  return e * double_from_bits((exponent + 1023u) << 52);
}

// Natural logarithm of a normal, positive number.
inline double log_f64(double x) {
  // x = 2^k m with m in [sqrt(1/2), sqrt(2)): 0x3FE6A09E is the upper half of sqrt(1/2).
  const uint64_t bits = double_bits(x);
  const uint64_t above = bits - 0x3FE6A09E00000000u;
  const auto k = static_cast<double>(static_cast<int64_t>(above) >> 52);
  const double m = double_from_bits((above & 0x000FFFFFFFFFFFFFu) + 0x3FE6A09E00000000u);
  // log(1 + f) = 2 atanh(s), s = f / (2 + f), |s| <= 0.1716; 2 s = f - s f and f - s f = f - (h - s h) with
  // h = f^2 / 2 keep the rounding of s away from the leading term. Series to s^25: the rest is below 1e-19 s.
  const double f = m - 1.0;
  const double s = f / (2.0 + f);
  const double z = s * s;
  double p = 2.0 / 25.0;
  p = p * z + 2.0 / 23.0;
  p = p * z + 2.0 / 21.0;
  p = p * z + 2.0 / 19.0;
  p = p * z + 2.0 / 17.0;
  p = p * z + 2.0 / 15.0;
  p = p * z + 2.0 / 13.0;
  p = p * z + 2.0 / 11.0;
  p = p * z + 2.0 / 9.0;
  p = p * z + 2.0 / 7.0;
  p = p * z + 2.0 / 5.0;
  p = p * z + 2.0 / 3.0;
  const double tail = p * z;  // log(1 + f) = 2 s + s * tail
  const double h = 0.5 * f * f;
  return k * kLn2HiF64 - ((h - (s * (h + tail) + k * kLn2LoF64)) - f);
}

struct SinCosF64 {
  double sin;
  double cos;
};

// |x| <= 1e6.
inline SinCosF64 sin_cos_f64(double x) {
  // x = n * pi/2 + y + tail, |y| <= pi/4. pi/2 in three parts, two of 33 bits: n (20 bits) times those is
  // exact.
  constexpr double kRound = 0x1.8p+52;
  const double shifted = x * 0x1.45f306dc9c883p-1 + kRound;
  const double n = shifted - kRound;
  const double head = x - n * 0x1.921fb544p+0;  // exact
  const double middle = n * 0x1.0b4611a6p-34;
  const double r = head - middle;
  // What rounding r lost (Knuth's two-sum), less the third part.
  const double back = head - r;
  const double lost = (head - (r + back)) + (back - middle);
  const double rest = lost - n * 0x1.3198a2e037073p-69;
  const double y = r + rest;
  const double tail = (r - y) + rest;

  const double z = y * y;
  // Taylor: sin to y^19, cos to y^18 (the rest is below 2e-20 relative).
  double ps = 1.0 / -121645100408832000.0;
  ps = ps * z + 1.0 / 355687428096000.0;
  ps = ps * z - 1.0 / 1307674368000.0;
  ps = ps * z + 1.0 / 6227020800.0;
  ps = ps * z - 1.0 / 39916800.0;
  ps = ps * z + 1.0 / 362880.0;
  ps = ps * z - 1.0 / 5040.0;
  ps = ps * z + 1.0 / 120.0;
  ps = ps * z - 1.0 / 6.0;
  double pc = 1.0 / -6402373705728000.0;
  pc = pc * z + 1.0 / 20922789888000.0;
  pc = pc * z - 1.0 / 87178291200.0;
  pc = pc * z + 1.0 / 479001600.0;
  pc = pc * z - 1.0 / 3628800.0;
  pc = pc * z + 1.0 / 40320.0;
  pc = pc * z - 1.0 / 720.0;
  pc = pc * z + 1.0 / 24.0;
  // sin(y + tail) = sin y + tail cos y; cos(y + tail) = cos y - tail sin y; tail is below 2^-53.
  const double half = 0.5 * z;
  const double sin_y = y + (y * z * ps + tail * (1.0 - half));
  const double one = 1.0 - half;
  const double cos_y = one + (((1.0 - one) - half) + (z * z * pc - y * tail));

  const uint64_t quadrant = (double_bits(shifted) - double_bits(kRound)) & 3u;
  switch (quadrant) {
    case 0:
      return {sin_y, cos_y};
    case 1:
      return {cos_y, -sin_y};
    case 2:
      return {-sin_y, -cos_y};
    default:
      return {-cos_y, sin_y};
  }
}

}  // namespace ternlight
