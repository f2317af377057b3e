// Attention over the cache of one KV head, SIMD128. Up to four queries are computed together: keys and values
// are read from memory, and turned into f32, once for all of them. That happens a block at a time, in a
// scratch on the stack that fits the first-level cache.
#include "kernels/attention_simd-inl.h"
#include "kernels/variants.h"

namespace ternlight::simd128 {
namespace {

// Rows as f32, `stride` floats apart, zeros up to a multiple of 16.
struct Rows {
  const float* data;
  size_t stride;
};

// A row that is f32 and of full width is used where it lies.
Rows rows_as_floats(const float* from, size_t stride, size_t count, size_t head_dim, size_t width,
                    float* scratch) {
  if (head_dim == width) return {from, stride};
  for (size_t i = 0; i < count; ++i) {
    memcpy(scratch + i * width, from + i * stride, head_dim * sizeof *from);
    memset(scratch + i * width + head_dim, 0, (width - head_dim) * sizeof *scratch);
  }
  return {scratch, width};
}

Rows rows_as_floats(const uint16_t* from, size_t stride, size_t count, size_t head_dim, size_t width,
                    float* scratch) {
  const size_t whole = head_dim / 16 * 16;
  for (size_t i = 0; i < count; ++i, from += stride) {
    float* row = scratch + i * width;
    halves_to_floats(from, whole, row);
    if (whole < head_dim) {
      uint16_t part[16] = {};
      memcpy(part, from + whole, (head_dim - whole) * sizeof *from);
      halves_to_floats(part, 16, row + whole);
    }
  }
  return {scratch, width};
}

// Scores of Q queries and K keys. The four vectors of the 16 lanes do not depend on each other, so one after
// the other is summed over the whole row: Q * K accumulators fill the registers and no more.
template <size_t Q, size_t K>
inline void score_tile(const float* q, Rows keys, size_t width, float scale, float* out, size_t out_stride) {
  v128_t sums[4][K][Q];
  // Stays a loop: unrolled it is four times as large and no faster.
#pragma GCC unroll 1
  for (size_t quarter = 0; quarter < 4; ++quarter) {
    v128_t s[K][Q];
    for (size_t k = 0; k < K; ++k) {
      for (size_t j = 0; j < Q; ++j) s[k][j] = wasm_f32x4_const_splat(0.0f);
    }
    for (size_t d = 4 * quarter; d < width; d += 16) {
      v128_t key[K];
      for (size_t k = 0; k < K; ++k) key[k] = wasm_v128_load(keys.data + k * keys.stride + d);
      for (size_t j = 0; j < Q; ++j) {
        const v128_t x = wasm_v128_load(q + j * width + d);
        for (size_t k = 0; k < K; ++k) s[k][j] = wasm_f32x4_add(s[k][j], wasm_f32x4_mul(x, key[k]));
      }
    }
    for (size_t k = 0; k < K; ++k) {
      for (size_t j = 0; j < Q; ++j) sums[quarter][k][j] = s[k][j];
    }
  }
  for (size_t k = 0; k < K; ++k) {
    v128_t totals[4];
    for (size_t j = 0; j < 4; ++j) {
      const size_t at = j < Q ? j : Q - 1;  // a stand-in, not stored
      totals[j] = wasm_f32x4_add(wasm_f32x4_add(sums[0][k][at], sums[1][k][at]),
                                 wasm_f32x4_add(sums[2][k][at], sums[3][k][at]));
    }
    store_column<Q>(
        wasm_f32x4_mul(wasm_f32x4_splat(scale), sum_lanes_f32(totals[0], totals[1], totals[2], totals[3])),
        out + k, out_stride);
  }
}

TERNLIGHT_NOINLINE void score_one(const float* q, Rows key, size_t width, float scale, float* out) {
  score_tile<1, 1>(q, key, width, scale, out, 1);
}

template <size_t Q>
TERNLIGHT_NOINLINE void score_rows(const float* q, Rows keys, size_t count, size_t width, float scale,
                                   float* out, size_t out_stride) {
  constexpr size_t kKeys = keys_together(Q);
  size_t i = 0;
  for (; i + kKeys <= count; i += kKeys) {
    score_tile<Q, kKeys>(q, {keys.data + i * keys.stride, keys.stride}, width, scale, out + i, out_stride);
  }
  for (; i < count; ++i) {
    for (size_t j = 0; j < Q; ++j) {
      score_one(q + j * width, {keys.data + i * keys.stride, keys.stride}, width, scale,
                out + j * out_stride + i);
    }
  }
}

template <class T>
void scores_together(const float* q, size_t queries, const T* keys, size_t stride, size_t count,
                     size_t head_dim, float scale, float* out, size_t out_stride) {
  const size_t width = round_up_16(head_dim);
  alignas(16) float scratch[kScratch], q_scratch[kTogether * kMaxDim];
  const Rows q_rows = rows_as_floats(q, head_dim, queries, head_dim, width, q_scratch);
  const size_t block = kScratch / width;
  for (size_t i = 0; i < count; i += block) {
    const size_t n = count - i < block ? count - i : block;
    const Rows rows = rows_as_floats(keys + i * stride, stride, n, head_dim, width, scratch);
    for_queries(queries, [&](auto number) {
      score_rows<number.value>(q_rows.data, rows, n, width, scale, out + i, out_stride);
    });
  }
}

template <class T>
void scores(const float* q, size_t queries, const T* keys, size_t stride, size_t count, size_t head_dim,
            float scale, float* out, size_t out_stride) {
  for (size_t j = 0; j < queries; j += kTogether) {
    scores_together(q + j * head_dim, at_most_together(queries - j), keys, stride, count, head_dim, scale,
                    out + j * out_stride, out_stride);
  }
}

// Adds `count` positions to the sums (Q rows of `width`), 4 * V dimensions at a time.
template <size_t Q>
TERNLIGHT_NOINLINE void mix_rows(const float* p, size_t p_stride, Rows values, size_t count, size_t width,
                                 float* out) {
  constexpr size_t V = Q <= 2 ? 4 : 2;
  for (size_t d = 0; d < width; d += 4 * V) {
    v128_t sums[Q][V];
    for (size_t j = 0; j < Q; ++j) {
      for (size_t v = 0; v < V; ++v) sums[j][v] = wasm_v128_load(out + j * width + d + 4 * v);
    }
    const float* row = values.data + d;
    for (size_t i = 0; i < count; ++i, row += values.stride) {
      v128_t value[V];
      for (size_t v = 0; v < V; ++v) value[v] = wasm_v128_load(row + 4 * v);
      for (size_t j = 0; j < Q; ++j) {
        const v128_t weight = wasm_v128_load32_splat(p + j * p_stride + i);
        for (size_t v = 0; v < V; ++v)
          sums[j][v] = wasm_f32x4_add(sums[j][v], wasm_f32x4_mul(weight, value[v]));
      }
    }
    for (size_t j = 0; j < Q; ++j) {
      for (size_t v = 0; v < V; ++v) wasm_v128_store(out + j * width + d + 4 * v, sums[j][v]);
    }
  }
}

template <class T>
void mix_together(const float* p, size_t queries, size_t p_stride, const T* values, size_t stride,
                  size_t count, size_t head_dim, float* out) {
  const size_t width = round_up_16(head_dim);
  alignas(16) float scratch[kScratch], sums[kTogether * kMaxDim];
  memset(sums, 0, queries * width * sizeof *sums);
  const size_t block = kScratch / width;
  for (size_t i = 0; i < count; i += block) {
    const size_t n = count - i < block ? count - i : block;
    const Rows rows = rows_as_floats(values + i * stride, stride, n, head_dim, width, scratch);
    for_queries(queries, [&](auto number) { mix_rows<number.value>(p + i, p_stride, rows, n, width, sums); });
  }
  for (size_t j = 0; j < queries; ++j) memcpy(out + j * head_dim, sums + j * width, head_dim * sizeof *out);
}

template <class T>
void mix(const float* p, size_t queries, size_t p_stride, const T* values, size_t stride, size_t count,
         size_t head_dim, float* out) {
  for (size_t j = 0; j < queries; j += kTogether) {
    mix_together(p + j * p_stride, at_most_together(queries - j), p_stride, values, stride, count, head_dim,
                 out + j * head_dim);
  }
}

}  // namespace

void scores_f32(const float* q, size_t queries, const float* keys, size_t stride, size_t count,
                size_t head_dim, float scale, float* out, size_t out_stride) {
  if (head_dim > kMaxDim)
    return scalar::scores_f32(q, queries, keys, stride, count, head_dim, scale, out, out_stride);
  scores(q, queries, keys, stride, count, head_dim, scale, out, out_stride);
}

void scores_f16(const float* q, size_t queries, const uint16_t* keys, size_t stride, size_t count,
                size_t head_dim, float scale, float* out, size_t out_stride) {
  if (head_dim > kMaxDim)
    return scalar::scores_f16(q, queries, keys, stride, count, head_dim, scale, out, out_stride);
  scores(q, queries, keys, stride, count, head_dim, scale, out, out_stride);
}

void mix_f32(const float* p, size_t queries, size_t p_stride, const float* values, size_t stride,
             size_t count, size_t head_dim, float* out) {
  if (head_dim > kMaxDim) return scalar::mix_f32(p, queries, p_stride, values, stride, count, head_dim, out);
  mix(p, queries, p_stride, values, stride, count, head_dim, out);
}

void mix_f16(const float* p, size_t queries, size_t p_stride, const uint16_t* values, size_t stride,
             size_t count, size_t head_dim, float* out) {
  if (head_dim > kMaxDim) return scalar::mix_f16(p, queries, p_stride, values, stride, count, head_dim, out);
  mix(p, queries, p_stride, values, stride, count, head_dim, out);
}

void to_f16(const float* x, size_t n, uint16_t* y) {
  size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const v128_t low = float_to_half_x4(wasm_v128_load(x + i)),
                 high = float_to_half_x4(wasm_v128_load(x + i + 4));
    wasm_v128_store(y + i, wasm_i16x8_shuffle(low, high, 0, 2, 4, 6, 8, 10, 12, 14));
  }
  for (; i < n; ++i) y[i] = float_to_half(x[i]);
}

}  // namespace ternlight::simd128
