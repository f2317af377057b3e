// Attention over int8 keys and values of one KV head, SIMD128: products of int16 codes, exact sums in int32,
// up to four queries together as in attention_simd128.cc.
#include "kernels/attention_simd-inl.h"
#include "kernels/variants.h"

namespace ternlight::simd128 {
namespace {

struct Rows {
  const int8_t* data;
  size_t stride;
};

// Rows of a multiple of 16 are used where they lie, others are copied and filled up with zeros.
Rows full_rows(const int8_t* from, size_t stride, size_t count, size_t head_dim, size_t width,
               int8_t* scratch) {
  if (head_dim == width) return {from, stride};
  for (size_t i = 0; i < count; ++i) {
    memcpy(scratch + i * width, from + i * stride, head_dim);
    memset(scratch + i * width + head_dim, 0, width - head_dim);
  }
  return {scratch, width};
}

template <size_t Q, size_t K>
inline void score_tile(const int16_t* q, v128_t factors, Rows keys, const float* steps, size_t width,
                       float* out, size_t out_stride) {
  v128_t sums[K][Q];
  for (size_t k = 0; k < K; ++k) {
    for (size_t j = 0; j < Q; ++j) sums[k][j] = wasm_i32x4_const_splat(0);
  }
  for (size_t d = 0; d < width; d += 8) {
    v128_t key[K];
    for (size_t k = 0; k < K; ++k) key[k] = wasm_i16x8_load8x8(keys.data + k * keys.stride + d);
    for (size_t j = 0; j < Q; ++j) {
      const v128_t x = wasm_v128_load(q + j * width + d);
      for (size_t k = 0; k < K; ++k) sums[k][j] = wasm_i32x4_add(sums[k][j], wasm_i32x4_dot_i16x8(x, key[k]));
    }
  }
  for (size_t k = 0; k < K; ++k) {
    const v128_t* s = sums[k];
    const v128_t dots = sum_lanes_i32(s[0], s[Q > 1 ? 1 : 0], s[Q > 2 ? 2 : 0], s[Q > 3 ? 3 : 0]);
    const v128_t weights = wasm_f32x4_mul(wasm_f32x4_splat(steps[k]), factors);
    store_column<Q>(wasm_f32x4_mul(wasm_f32x4_convert_i32x4(dots), weights), out + k, out_stride);
  }
}

TERNLIGHT_NOINLINE void score_one(const int16_t* q, float factor, Rows key, const float* step, size_t width,
                                  float* out) {
  score_tile<1, 1>(q, wasm_f32x4_splat(factor), key, step, width, out, 1);
}

template <size_t Q>
TERNLIGHT_NOINLINE void score_rows(const int16_t* q, const float* factors, Rows keys, const float* steps,
                                   size_t count, size_t width, float* out, size_t out_stride) {
  constexpr size_t kKeys = keys_together(Q);
  const v128_t factor = load_floats(factors, Q);
  size_t i = 0;
  for (; i + kKeys <= count; i += kKeys) {
    score_tile<Q, kKeys>(q, factor, {keys.data + i * keys.stride, keys.stride}, steps + i, width, out + i,
                         out_stride);
  }
  for (; i < count; ++i) {
    for (size_t j = 0; j < Q; ++j) {
      score_one(q + j * width, factors[j], {keys.data + i * keys.stride, keys.stride}, steps + i, width,
                out + j * out_stride + i);
    }
  }
}

void scores_together(const int16_t* q, const float* factors, size_t queries, const int8_t* keys,
                     const float* steps, size_t stride, size_t count, size_t head_dim, float* out,
                     size_t out_stride) {
  const size_t width = round_up_16(head_dim);
  alignas(16) int8_t scratch[kScratch];
  alignas(16) int16_t q_scratch[kTogether * kMaxDim];
  if (head_dim != width) {
    memset(q_scratch, 0, queries * width * sizeof *q_scratch);
    for (size_t j = 0; j < queries; ++j)
      memcpy(q_scratch + j * width, q + j * head_dim, head_dim * sizeof *q);
    q = q_scratch;
  }
  const size_t block = head_dim == width ? count : kScratch / width;
  for (size_t i = 0; i < count; i += block) {
    const size_t n = count - i < block ? count - i : block;
    const Rows rows = full_rows(keys + i * stride, stride, n, head_dim, width, scratch);
    for_queries(queries, [&](auto number) {
      score_rows<number.value>(q, factors, rows, steps + i, n, width, out + i, out_stride);
    });
  }
}

// Adds `count` positions, an even number, to the integer sums (Q rows of `width`), 4 * V dimensions at a
// time. Two positions are one product of pairs; codes of a query are kMixBlock apart.
template <size_t Q>
TERNLIGHT_NOINLINE void mix_rows(const int16_t* codes, Rows values, size_t count, size_t width,
                                 int32_t* sums) {
  constexpr size_t V = Q <= 2 ? 4 : 2;
  for (size_t d = 0; d < width; d += 4 * V) {
    v128_t s[Q][V];
    for (size_t j = 0; j < Q; ++j) {
      for (size_t v = 0; v < V; ++v) s[j][v] = wasm_v128_load(sums + j * width + d + 4 * v);
    }
    for (size_t i = 0; i < count; i += 2) {
      const int8_t* row = values.data + i * values.stride + d;
      v128_t pairs[V];
      if constexpr (V == 4) {
        const v128_t a = wasm_v128_load(row), b = wasm_v128_load(row + values.stride);
        const v128_t low = wasm_i8x16_shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        const v128_t high =
            wasm_i8x16_shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        pairs[0] = wasm_i16x8_extend_low_i8x16(low), pairs[1] = wasm_i16x8_extend_high_i8x16(low);
        pairs[2] = wasm_i16x8_extend_low_i8x16(high), pairs[3] = wasm_i16x8_extend_high_i8x16(high);
      } else {
        const v128_t a = wasm_i16x8_load8x8(row), b = wasm_i16x8_load8x8(row + values.stride);
        pairs[0] = wasm_i16x8_shuffle(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
        pairs[1] = wasm_i16x8_shuffle(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
      }
      for (size_t j = 0; j < Q; ++j) {
        const v128_t code = wasm_v128_load32_splat(codes + j * kMixBlock + i);
        for (size_t v = 0; v < V; ++v)
          s[j][v] = wasm_i32x4_add(s[j][v], wasm_i32x4_dot_i16x8(code, pairs[v]));
      }
    }
    for (size_t j = 0; j < Q; ++j) {
      for (size_t v = 0; v < V; ++v) wasm_v128_store(sums + j * width + d + 4 * v, s[j][v]);
    }
  }
}

// Weights times steps as int16, zero behind an odd number; returns what one code is worth.
float encode_weights(const float* p, const float* steps, size_t n, int16_t* codes) {
  alignas(16) float weights[kMixBlock];
  size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    wasm_v128_store(weights + i, wasm_f32x4_mul(wasm_v128_load(p + i), wasm_v128_load(steps + i)));
  }
  for (; i < n; ++i) weights[i] = p[i] * steps[i];
  if (n % 2 != 0) codes[n] = 0;
  return 1.0f / quantize_i16(weights, n, 32767, codes);
}

void mix_together(const float* p, size_t queries, size_t p_stride, const int8_t* values, const float* steps,
                  size_t stride, size_t count, size_t head_dim, float* out) {
  const size_t width = round_up_16(head_dim);
  alignas(16) int8_t scratch[kScratch];
  alignas(16) int16_t codes[kTogether * kMixBlock];
  alignas(16) int32_t sums[kTogether * kMaxDim];
  for (size_t i = 0; i < queries * head_dim; ++i) out[i] = 0.0f;
  for (size_t begin = 0; begin < count; begin += kMixBlock) {
    const size_t n = count - begin < kMixBlock ? count - begin : kMixBlock;
    float worth[kTogether];
    for (size_t j = 0; j < queries; ++j) {
      worth[j] = encode_weights(p + j * p_stride + begin, steps + begin, n, codes + j * kMixBlock);
    }
    memset(sums, 0, queries * width * sizeof *sums);
    // Pieces of 4 KB, an even number of rows, stay in the first-level cache for all dimensions.
    const size_t piece = kScratch / width / 2 * 2;
    for (size_t i = 0; i < n; i += piece) {
      const size_t rows = n - i < piece ? n - i : piece, even = rows / 2 * 2;
      const Rows full = full_rows(values + (begin + i) * stride, stride, even, head_dim, width, scratch);
      for_queries(queries, [&](auto number) { mix_rows<number.value>(codes + i, full, even, width, sums); });
      if (even < rows) {  // the last one, with a row of zeros
        int8_t pair[2 * kMaxDim] = {};
        memcpy(pair, values + (begin + i + even) * stride, head_dim);
        for_queries(queries, [&](auto number) {
          mix_rows<number.value>(codes + i + even, {pair, width}, 2, width, sums);
        });
      }
    }
    for (size_t j = 0; j < queries; ++j) {
      for (size_t d = 0; d < head_dim; ++d) {
        out[j * head_dim + d] += static_cast<float>(sums[j * width + d]) * worth[j];
      }
    }
  }
}

}  // namespace

void scores_i8(const int16_t* q, const float* factors, size_t queries, const int8_t* keys, const float* steps,
               size_t stride, size_t count, size_t head_dim, float* out, size_t out_stride) {
  if (head_dim > kMaxDim) {
    return scalar::scores_i8(q, factors, queries, keys, steps, stride, count, head_dim, out, out_stride);
  }
  for (size_t j = 0; j < queries; j += kTogether) {
    scores_together(q + j * head_dim, factors + j, at_most_together(queries - j), keys, steps, stride, count,
                    head_dim, out + j * out_stride, out_stride);
  }
}

void mix_i8(const float* p, size_t queries, size_t p_stride, const int8_t* values, const float* steps,
            size_t stride, size_t count, size_t head_dim, float* out) {
  if (head_dim > kMaxDim) {
    return scalar::mix_i8(p, queries, p_stride, values, steps, stride, count, head_dim, out);
  }
  for (size_t j = 0; j < queries; j += kTogether) {
    mix_together(p + j * p_stride, at_most_together(queries - j), p_stride, values, steps, stride, count,
                 head_dim, out + j * head_dim);
  }
}

}  // namespace ternlight::simd128
