// Known answers for the integer kernels. Weights and activations come from small formulas, the expected sums
// from plain loops over those formulas, so nothing here depends on a kernel or a layout helper being right.
#include <string.h>

#include "kernels/kernels.h"

namespace ternlight {
namespace {

constexpr size_t kK = 896;    // seven ternary blocks: an odd number, and not a whole number of groups of 256
constexpr size_t kRows = 19;  // leaves a remainder for every number of rows walked together
constexpr size_t kTokens = 4;

// lowest: every code 2, every x -128; highest: every code 2, every x 127.
enum class Pattern { lowest, highest, zero_codes, mixed };

uint32_t mix(size_t a, size_t b) {
  auto h = static_cast<uint32_t>(a * 2654435761u + b * 40503u + 12345u);
  h ^= h >> 15;
  h *= 2246822519u;
  return h ^ (h >> 13);
}

int32_t code(Pattern p, size_t row, size_t i) {
  if (p == Pattern::zero_codes) return 0;
  return p == Pattern::mixed ? static_cast<int32_t>(mix(row, i) % 3) : 2;
}

int32_t activation(Pattern p, size_t token, size_t i) {
  if (p == Pattern::lowest) return -128;
  if (p == Pattern::highest) return 127;
  return static_cast<int32_t>(mix(token + 100, i) % 256) - 128;
}

int32_t expected_dot(Pattern p, size_t row, size_t token, size_t begin, size_t end) {
  int32_t sum = 0;
  for (size_t i = begin; i < end; ++i) sum += code(p, row, i) * activation(p, token, i);
  return sum;
}

bool ternary_is_right(const Kernels& kernels, Pattern p) {
  uint8_t w[kRows * kK / 4];
  int8_t x[kTokens * kK];
  memset(w, 0, sizeof w);
  for (size_t r = 0; r < kRows; ++r) {
    for (size_t i = 0; i < kK; ++i) {
      const size_t byte = r * kK / 4 + i / 128 * 32 + i % 32;
      w[byte] = static_cast<uint8_t>(w[byte] | code(p, r, i) << (6 - i % 128 / 32 * 2));
    }
  }
  for (size_t t = 0; t < kTokens; ++t) {
    for (size_t i = 0; i < kK; ++i) x[t * kK + i] = static_cast<int8_t>(activation(p, t, i));
  }

  int32_t dots[kTokens][kRows];
  for (size_t t = 0; t < kTokens; ++t) {
    for (size_t r = 0; r < kRows; ++r) dots[t][r] = expected_dot(p, r, t, 0, kK);
  }
  int32_t y[kTokens * kRows];
  kernels.ternary_gemv(w, kRows, kK, x, y);
  if (memcmp(y, dots[0], sizeof dots[0]) != 0) return false;
  kernels.ternary_gemm(w, kRows, kK, x, kTokens, y, kRows);
  if (memcmp(y, dots, sizeof dots) != 0) return false;
  constexpr uint32_t kListed[] = {0, 1, 3};
  for (size_t r = 0; r < kRows; ++r) {
    kernels.ternary_row_tokens(w + r * kK / 4, kK, x, kListed, 3, y + r, kRows);
    for (const uint32_t t : kListed) {
      if (y[t * kRows + r] != dots[t][r]) return false;
    }
  }

  constexpr size_t kGroups = 4;
  float scales[kRows * kGroups], totals[kRows];
  int32_t sums[kGroups];
  kernels.group_sums_i8(x, kK, sums);
  for (size_t g = 0; g < kGroups; ++g) {
    int32_t sum = 0;
    for (size_t i = g * 256; i < kK && i < (g + 1) * 256; ++i) sum += activation(p, 0, i);
    if (sums[g] != sum) return false;
  }
  // Powers of two keep the float sum exact.
  for (size_t i = 0; i < kRows * kGroups; ++i) scales[i] = i % 3 == 0 ? 0.5f : 2.0f;
  kernels.ternary_grouped_gemv(w, scales, kRows, kK, x, sums, totals);
  for (size_t r = 0; r < kRows; ++r) {
    float total = 0.0f;
    for (size_t g = 0; g < kGroups; ++g) {
      const size_t end = (g + 1) * 256 < kK ? (g + 1) * 256 : kK;
      total += scales[r * kGroups + g] * static_cast<float>(expected_dot(p, r, 0, g * 256, end) - sums[g]);
    }
    if (totals[r] != total) return false;
  }
  return true;
}

bool ternary_is_right(const Kernels& kernels) {
  return ternary_is_right(kernels, Pattern::lowest) && ternary_is_right(kernels, Pattern::highest) &&
         ternary_is_right(kernels, Pattern::zero_codes) && ternary_is_right(kernels, Pattern::mixed);
}

// 64 rows of one block as columns; the list has every second column, an odd number of them.
bool columns_are_right(const Kernels& kernels, Pattern p) {
  constexpr size_t kColumns = 63;
  uint8_t rows[64 * 32], columns[128 * 16], back[64 * 32];
  memset(rows, 0, sizeof rows);
  for (size_t r = 0; r < 64; ++r) {
    for (size_t i = 0; i < 128; ++i) {
      const size_t byte = r * 32 + i % 32;
      rows[byte] = static_cast<uint8_t>(rows[byte] | code(p, r, i) << (6 - i / 32 * 2));
    }
  }
  kernels.ternary_to_columns(rows, 128, columns, 16);
  kernels.ternary_to_rows(columns, 16, 128, back);
  if (memcmp(rows, back, sizeof rows) != 0) return false;
  uint32_t ids[kColumns];
  int8_t x[kColumns];
  for (size_t i = 0; i < kColumns; ++i) {
    ids[i] = static_cast<uint32_t>(2 * i);
    x[i] = static_cast<int8_t>(activation(p, 0, i));
  }
  int32_t y[64];
  kernels.ternary_gemv_columns(columns, 16, ids, x, kColumns, 64, y);
  for (size_t r = 0; r < 64; ++r) {
    int32_t sum = 0;
    for (size_t i = 0; i < kColumns; ++i) sum += code(p, r, 2 * i) * activation(p, 0, i);
    if (y[r] != sum) return false;
  }
  return true;
}

bool quantizers_are_right(const Kernels& kernels) {
  // The maximum 127 makes the scale 1, so ties stay ties: 0.5 -> 0, 1.5 -> 2, -2.5 -> -2.
  constexpr size_t kN = 37;
  float x[kN];
  int32_t expected[kN], sum = 0;
  for (size_t i = 0; i < kN; ++i) {
    const auto n = static_cast<int32_t>(i) * 5 - 90;
    x[i] = static_cast<float>(n) + 0.5f;
    expected[i] = n % 2 == 0 ? n : n + 1;
  }
  x[kN - 2] = -127.0f;
  expected[kN - 2] = -127;
  for (const int32_t v : expected) sum += v;

  int8_t q8[128];
  const QuantizedI8 result = kernels.quantize_i8(x, kN, q8, sizeof q8);
  if (result.scale != 1.0f || result.sum != sum) return false;
  for (size_t i = 0; i < sizeof q8; ++i) {
    if (q8[i] != (i < kN ? expected[i] : 0)) return false;
  }
  int16_t q16[kN];
  if (kernels.quantize_i16(x, kN, 127, q16) != 1.0f) return false;
  for (size_t i = 0; i < kN; ++i) {
    if (q16[i] != expected[i]) return false;
  }
  return true;
}

bool head_kernels_are_right(const Kernels& kernels) {
  constexpr size_t kN = 256;
  constexpr size_t kHeadRows = 9;
  int16_t x[kN];
  for (size_t i = 0; i < kN; ++i)
    x[i] = static_cast<int16_t>(static_cast<int32_t>(mix(7, i) % 40001) - 20000);
  x[0] = -32767;
  x[1] = 32767;

  int8_t w8[kHeadRows * kN];
  for (size_t i = 0; i < sizeof w8; ++i) w8[i] = static_cast<int8_t>(i % 11 == 0 ? 0x80u : mix(8, i) & 0xFFu);
  int32_t y[kHeadRows];
  kernels.int8_gemv(w8, kHeadRows, kN, x, y);
  for (size_t r = 0; r < kHeadRows; ++r) {
    int32_t sum = 0;
    for (size_t i = 0; i < kN; ++i) sum += w8[r * kN + i] * x[i];
    if (y[r] != sum) return false;
  }

  // One block of each type per row, with scale 1 and random codes.
  uint8_t block[210];
  float total;
  const auto fill = [&block](size_t size) {
    for (size_t i = 0; i < size; ++i) block[i] = static_cast<uint8_t>(mix(9, i));
  };
  fill(34);
  block[0] = 0x00, block[1] = 0x3C;  // 1.0 as f16
  int32_t sum = 0;
  for (size_t i = 0; i < 32; ++i) sum += static_cast<int8_t>(block[2 + i]) * x[i];
  kernels.q8_0_gemv(block, 1, 32, x, &total);
  if (total != static_cast<float>(sum)) return false;

  fill(18);
  block[0] = 0x00, block[1] = 0x3C;
  sum = 0;
  for (size_t i = 0; i < 32; ++i) sum += ((block[2 + i % 16] >> (i / 16 * 4) & 15) - 8) * x[i];
  kernels.q4_0_gemv(block, 1, 32, x, &total);
  if (total != static_cast<float>(sum)) return false;

  fill(210);
  block[208] = 0x00, block[209] = 0x3C;
  float expected = 0.0f;
  for (size_t sub = 0; sub < 16; ++sub) {
    block[192 + sub] = static_cast<uint8_t>(sub % 2 == 0 ? 1 : 0xFE);  // +1 and -2
    sum = 0;
    for (size_t i = sub * 16; i < sub * 16 + 16; ++i) {
      const uint8_t* lane = block + i / 64 * 48 + i % 64 / 16 * 4 + i % 2 * 2;
      const auto word = [lane](size_t v) { return int32_t{lane[16 * v]} + int32_t{lane[16 * v + 1]} * 256; };
      const size_t place = i % 16 / 2;
      const int32_t code = place < 3   ? word(place) % 64
                           : place < 6 ? word(place - 3) / 64 % 64
                           : place < 7 ? word(0) / 4096 + word(2) / 4096 % 4 * 16
                                       : word(1) / 4096 + word(2) / 16384 * 16;
      sum += (code - 32) * x[i];
    }
    expected += (sub % 2 == 0 ? 1.0f : -2.0f) * static_cast<float>(sum);
  }
  kernels.q6_k_gemv(block, 1, 256, x, &total);
  if (total != expected) return false;

  fill(144);
  block[0] = 0x00, block[1] = 0x3C, block[2] = 0x00, block[3] = 0x40;  // d 1, dmin 2
  // Scales 1..4 and 33..36, mins 5..8 and 17..20, their bits where ggml puts them.
  for (size_t j = 0; j < 4; ++j) {
    const size_t scale_high = 33 + j, min_high = 17 + j;
    block[4 + j] = static_cast<uint8_t>((1 + j) | (scale_high >> 4) << 6);
    block[8 + j] = static_cast<uint8_t>((5 + j) | (min_high >> 4) << 6);
    block[12 + j] = static_cast<uint8_t>((scale_high & 15) | (min_high & 15) << 4);
  }
  expected = 0.0f;
  for (size_t sub = 0; sub < 8; ++sub) {
    const auto scale = static_cast<float>(sub < 4 ? 1 + sub : 29 + sub);
    const auto min = static_cast<float>(sub < 4 ? 5 + sub : 13 + sub);
    sum = 0;
    int32_t x_sum = 0;
    for (size_t i = 0; i < 32; ++i) {
      sum += (block[16 + sub / 2 * 32 + i] >> (sub % 2 * 4) & 15) * x[sub * 32 + i];
      x_sum += x[sub * 32 + i];
    }
    expected += scale * static_cast<float>(sum) - 2.0f * min * static_cast<float>(x_sum);
  }
  kernels.q4_k_gemv(block, 1, 256, x, &total);
  return total == expected;
}

}  // namespace

bool self_test(const Kernels& kernels) {
  if (!ternary_is_right(kernels)) return false;
  // Which method runs is decided later, by its speed.
  for (const TernaryMethod& method : ternary_methods()) {
    if (method.isa > kernels.isa) continue;
    Kernels with_method = kernels;
    use_gemv(with_method, method);
    if (method.gemm != nullptr) use_gemm(with_method, method);
    if (!ternary_is_right(with_method)) return false;
  }
  return columns_are_right(kernels, Pattern::lowest) && columns_are_right(kernels, Pattern::highest) &&
         columns_are_right(kernels, Pattern::mixed) && quantizers_are_right(kernels) && head_kernels_are_right(kernels);
}

}  // namespace ternlight
