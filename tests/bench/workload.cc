#include "workload.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "kernels/layouts.h"
#include "read_bandwidth.h"

namespace ternlight::bench {
namespace {

using Run = std::function<void(size_t begin, size_t end)>;

// What a recipe makes: how to run, and how many bytes of weights that reads. Without rows to share, run()
// gets 0 and 1.
struct Made {
  Run run;
  size_t bytes;
  bool by_rows = true;
};

// Activations of a matrix product of k terms with int8 weights: small enough that sums stay below 2^31.
int16_t* activations(Buffers& m, size_t k) {
  return m.int16s(k, static_cast<uint32_t>(std::min<size_t>(32767, 0x7FFFFFFF / (128 * k))));
}

Made read(Buffers& m, const Kernels&, const Case& c) {
  const uint8_t* data = m.records(c.rows, c.k, [&](uint8_t* p) { memset(p, 1, c.k); });
  uint32_t* sink = m.zeros<uint32_t>(c.rows);
  return {[=](size_t begin, size_t end) {
            sink[begin] += read_bandwidth(data + begin * c.k, (end - begin) * c.k, c.tokens);
          },
          c.rows * c.k};
}

Made ternary_gemv(Buffers& m, const Kernels& kernels, const Case& c) {
  const size_t stride = row_bytes(Layout::ternary, c.k), size = c.rows * stride;
  const uint8_t* w = m.codes(size * c.copies);
  const int8_t* x = m.int8s(c.k);
  int32_t* y = m.zeros<int32_t>(c.rows);
  return {[=, gemv = kernels.ternary_gemv](size_t begin, size_t end) {
            for (size_t i = 0; i < c.copies; i++)
              gemv(w + i * size + begin * stride, end - begin, c.k, x, y + begin);
          },
          size * c.copies};
}

// Of a matrix with four times as many rows every fourth.
Made ternary_gemv_rows(Buffers& m, const Kernels& kernels, const Case& c) {
  const size_t stride = row_bytes(Layout::ternary, c.k), size = 4 * c.rows * stride;
  const uint8_t* w = m.codes(size * c.copies);
  const int8_t* x = m.int8s(c.k);
  uint32_t* ids = m.zeros<uint32_t>(c.rows);
  for (size_t i = 0; i < c.rows; i++) ids[i] = static_cast<uint32_t>(4 * i);
  int32_t* y = m.zeros<int32_t>(c.rows);
  return {[=, gemv = kernels.ternary_gemv_rows](size_t begin, size_t end) {
            for (size_t i = 0; i < c.copies; i++) gemv(w + i * size, ids + begin, end - begin, c.k, x, y + begin);
          },
          c.rows * stride * c.copies};
}

// With every fourth of four times as many vectors.
Made ternary_row_tokens(Buffers& m, const Kernels& kernels, const Case& c) {
  const uint8_t* w = m.codes(c.k / 4);
  const int8_t* x = m.int8s(4 * c.tokens * c.k);
  uint32_t* ids = m.zeros<uint32_t>(c.tokens);
  for (size_t i = 0; i < c.tokens; i++) ids[i] = static_cast<uint32_t>(4 * i);
  int32_t* y = m.zeros<int32_t>(4 * c.tokens);
  return {[=, kernel = kernels.ternary_row_tokens](size_t, size_t) { kernel(w, c.k, x, ids, c.tokens, y, 1); }, c.k / 4,
          /*by_rows=*/false};
}

// Of a matrix with eight times as many columns every eighth. On one thread: rows go in groups of 64.
Made ternary_gemv_columns(Buffers& m, const Kernels& kernels, const Case& c) {
  const size_t stride = column_bytes(c.rows), size = 8 * c.k * stride;
  const uint8_t* w = m.codes(size * c.copies);
  const int8_t* x = m.int8s(c.k);
  uint32_t* ids = m.zeros<uint32_t>(c.k);
  for (size_t i = 0; i < c.k; i++) ids[i] = static_cast<uint32_t>(8 * i);
  int32_t* y = m.zeros<int32_t>(c.rows);
  return {[=, gemv = kernels.ternary_gemv_columns](size_t, size_t) {
            for (size_t i = 0; i < c.copies; i++) gemv(w + i * size, stride, ids, x, c.k, c.rows, y);
          },
          c.k * stride * c.copies, /*by_rows=*/false};
}

Made ternary_to_columns(Buffers& m, const Kernels& kernels, const Case& c) {
  const uint8_t* rows = m.codes(64 * c.k / 4);
  uint8_t* columns = m.zeros<uint8_t>(64 * c.k / 4);
  return {[=, convert = kernels.ternary_to_columns](size_t, size_t) { convert(rows, c.k, columns, 16); },
          64 * c.k / 4, /*by_rows=*/false};
}

Made ternary_to_rows(Buffers& m, const Kernels& kernels, const Case& c) {
  const uint8_t* columns = m.codes(64 * c.k / 4);
  uint8_t* rows = m.zeros<uint8_t>(64 * c.k / 4);
  return {[=, convert = kernels.ternary_to_rows](size_t, size_t) { convert(columns, 16, c.k, rows); }, 64 * c.k / 4,
          /*by_rows=*/false};
}

Made ternary_gemm(Buffers& m, const Kernels& kernels, const Case& c) {
  const size_t stride = row_bytes(Layout::ternary, c.k);
  const uint8_t* w = m.codes(c.rows * stride);
  const int8_t* x = m.int8s(c.k * c.tokens);
  int32_t* y = m.zeros<int32_t>(c.rows * c.tokens);
  return {[=, gemm = kernels.ternary_gemm](size_t begin, size_t end) {
            gemm(w + begin * stride, end - begin, c.k, x, c.tokens, y + begin * c.tokens, end - begin);
          },
          c.rows * stride};
}

Made ternary_grouped_gemv(Buffers& m, const Kernels& kernels, const Case& c) {
  const size_t stride = row_bytes(Layout::ternary_grouped, c.k), groups = (c.k + 255) / 256;
  const size_t size = c.rows * stride, scale_total = c.rows * groups;
  const uint8_t* w = m.codes(size * c.copies);
  const float* scales = m.floats(scale_total * c.copies);
  const int8_t* x = m.int8s(c.k);
  int32_t* sums = m.zeros<int32_t>(groups);
  kernels.group_sums_i8(x, c.k, sums);
  float* y = m.zeros<float>(c.rows);
  return {[=, gemv = kernels.ternary_grouped_gemv](size_t begin, size_t end) {
            for (size_t i = 0; i < c.copies; i++) {
              gemv(w + i * size + begin * stride, scales + i * scale_total + begin * groups, end - begin, c.k,
                   x, sums, y + begin);
            }
          },
          (size + 4 * scale_total) * c.copies};
}

Made int8_gemv(Buffers& m, const Kernels& kernels, const Case& c) {
  const int8_t* w = m.int8s(c.rows * c.k);
  const int16_t* x = activations(m, c.k);
  int32_t* y = m.zeros<int32_t>(c.rows);
  return {[=, gemv = kernels.int8_gemv](size_t begin, size_t end) {
            gemv(w + begin * c.k, end - begin, c.k, x, y + begin);
          },
          c.rows * c.k};
}

template <auto kField, Layout kLayout>
Made block_gemv(Buffers& m, const Kernels& kernels, const Case& c) {
  const size_t per_block = kLayout == Layout::q8_0 || kLayout == Layout::q4_0 ? 32 : 256;
  const size_t block = row_bytes(kLayout, per_block), stride = row_bytes(kLayout, c.k);
  std::vector<size_t> scales = {0};
  if (kLayout == Layout::q6_k) scales = {208};
  if (kLayout == Layout::q4_k) scales = {0, 2};
  const uint8_t* w = m.blocks(c.rows * stride / block, block, scales);
  const int16_t* x = activations(m, c.k);
  float* y = m.zeros<float>(c.rows);
  return {[=, gemv = kernels.*kField](size_t begin, size_t end) {
            gemv(w + begin * stride, end - begin, c.k, x, y + begin);
          },
          c.rows * stride};
}

template <auto kField, auto kWeights>
Made float_gemv(Buffers& m, const Kernels& kernels, const Case& c) {
  const auto* w = (m.*kWeights)(c.rows * c.k);
  const float* x = m.floats(c.k);
  float* y = m.zeros<float>(c.rows);
  return {[=, gemv = kernels.*kField](size_t begin, size_t end) {
            gemv(w + begin * c.k, end - begin, c.k, x, y + begin);
          },
          c.rows * c.k * sizeof(*w)};
}

// Attention of c.tokens queries that share the cached keys and values.
template <auto kField, auto kKeys>
Made scores(Buffers& m, const Kernels& kernels, const Case& c) {
  const auto* keys = (m.*kKeys)(c.rows * c.k);
  const float* q = m.floats(c.k * c.tokens);
  float* out = m.zeros<float>(c.rows * c.tokens);
  return {[=, kernel = kernels.*kField](size_t begin, size_t end) {
            kernel(q, c.tokens, keys + begin * c.k, c.k, end - begin, c.k, 0.1f, out + begin, c.rows);
          },
          c.rows * c.k * sizeof(*keys)};
}

template <auto kField, auto kValues>
Made mix(Buffers& m, const Kernels& kernels, const Case& c) {
  const auto* values = (m.*kValues)(c.rows * c.k);
  const float* p = m.floats(c.rows * c.tokens);
  float* out = m.zeros<float>(c.k * c.tokens);
  return {[=, kernel = kernels.*kField](size_t, size_t) {
            kernel(p, c.tokens, c.rows, values, c.k, c.rows, c.k, out);
          },
          c.rows * c.k * sizeof(*values), false};
}

Made scores_i8(Buffers& m, const Kernels& kernels, const Case& c) {
  const int8_t* keys = m.int8s(c.rows * c.k);
  const int16_t* q = activations(m, c.k * c.tokens);
  const float *factors = m.floats(c.tokens), *steps = m.floats(c.rows);
  float* out = m.zeros<float>(c.rows * c.tokens);
  return {[=, kernel = kernels.scores_i8](size_t begin, size_t end) {
            kernel(q, factors, c.tokens, keys + begin * c.k, steps + begin, c.k, end - begin, c.k, out + begin, c.rows);
          },
          c.rows * c.k};
}

Made mix_i8(Buffers& m, const Kernels& kernels, const Case& c) {
  const int8_t* values = m.int8s(c.rows * c.k);
  const float *p = m.floats(c.rows * c.tokens), *steps = m.floats(c.rows);
  float* out = m.zeros<float>(c.k * c.tokens);
  return {[=, kernel = kernels.mix_i8](size_t, size_t) {
            kernel(p, c.tokens, c.rows, values, steps, c.k, c.rows, c.k, out);
          },
          c.rows * c.k, false};
}

// A row of halves as it comes from a file, turned into what is kept: convert(kernels, row, k, out).
template <auto kConvert>
Made half_row(Buffers& m, const Kernels& kernels, const Case& c) {
  const uint16_t* row = m.halfs(c.k);
  float* out = m.zeros<float>(c.k);
  return {[=](size_t, size_t) { kConvert(kernels, row, c.k, out); }, c.k * sizeof(*row), /*by_rows=*/false};
}

// A kernel over a vector of n floats: run(kernels, n, a, b, out).
template <auto kRun>
Made vector(Buffers& m, const Kernels& kernels, const Case& c) {
  float *a = m.floats(c.k), *b = m.floats(c.k), *out = m.zeros<float>(c.k);
  return {[=](size_t, size_t) { kRun(kernels, c.k, a, b, out); }, c.k * sizeof(float), false};
}

#define TERNLIGHT_VECTOR(call)                                            \
  vector<[](const Kernels& k, size_t n, float* a, float* b, float* out) { \
    static_cast<void>(b), static_cast<void>(out);                         \
    k.call;                                                               \
  }>

// How each field is run, and where its pointer lies in the table.
struct Recipe {
  const char* kernel;
  size_t offset;
  Made (*make)(Buffers&, const Kernels&, const Case&);
};

#define TERNLIGHT_RECIPE(field, ...) \
  { #field, offsetof(Kernels, field), __VA_ARGS__ }

constexpr Recipe kRecipes[] = {
    {"read", offsetof(Kernels, isa), read},
    TERNLIGHT_RECIPE(ternary_gemv, ternary_gemv),
    TERNLIGHT_RECIPE(ternary_gemv_rows, ternary_gemv_rows),
    TERNLIGHT_RECIPE(ternary_row_tokens, ternary_row_tokens),
    TERNLIGHT_RECIPE(ternary_gemv_columns, ternary_gemv_columns),
    TERNLIGHT_RECIPE(ternary_to_columns, ternary_to_columns),
    TERNLIGHT_RECIPE(ternary_to_rows, ternary_to_rows),
    TERNLIGHT_RECIPE(ternary_gemm, ternary_gemm),
    TERNLIGHT_RECIPE(ternary_grouped_gemv, ternary_grouped_gemv),
    TERNLIGHT_RECIPE(int8_gemv, int8_gemv),
    TERNLIGHT_RECIPE(q8_0_gemv, block_gemv<&Kernels::q8_0_gemv, Layout::q8_0>),
    TERNLIGHT_RECIPE(q6_k_gemv, block_gemv<&Kernels::q6_k_gemv, Layout::q6_k>),
    TERNLIGHT_RECIPE(q4_0_gemv, block_gemv<&Kernels::q4_0_gemv, Layout::q4_0>),
    TERNLIGHT_RECIPE(q4_k_gemv, block_gemv<&Kernels::q4_k_gemv, Layout::q4_k>),
    TERNLIGHT_RECIPE(f16_gemv, float_gemv<&Kernels::f16_gemv, &Buffers::halfs>),
    TERNLIGHT_RECIPE(bf16_gemv, float_gemv<&Kernels::bf16_gemv, &Buffers::bf16s>),
    TERNLIGHT_RECIPE(f32_gemv, float_gemv<&Kernels::f32_gemv, &Buffers::floats>),
    TERNLIGHT_RECIPE(f16_to_f32, half_row<[](const Kernels& k, const uint16_t* x, size_t n, float* out) { k.f16_to_f32(x, n, out); }>),
    TERNLIGHT_RECIPE(f16_to_int8_row, half_row<[](const Kernels& k, const uint16_t* x, size_t n, float* out) {
                       k.f16_to_int8_row(x, n, reinterpret_cast<int8_t*>(out));
                     }>),
    TERNLIGHT_RECIPE(f32_to_int8_row, TERNLIGHT_VECTOR(f32_to_int8_row(a, n, reinterpret_cast<int8_t*>(out)))),
    TERNLIGHT_RECIPE(q6_k_encode, TERNLIGHT_VECTOR(q6_k_encode(a, reinterpret_cast<uint8_t*>(out),
                                                               reinterpret_cast<int8_t*>(out + n / 2)))),
    TERNLIGHT_RECIPE(scores_i8, scores_i8),
    TERNLIGHT_RECIPE(mix_i8, mix_i8),
    TERNLIGHT_RECIPE(scores_f16, scores<&Kernels::scores_f16, &Buffers::halfs>),
    TERNLIGHT_RECIPE(scores_f32, scores<&Kernels::scores_f32, &Buffers::floats>),
    TERNLIGHT_RECIPE(mix_f16, mix<&Kernels::mix_f16, &Buffers::halfs>),
    TERNLIGHT_RECIPE(mix_f32, mix<&Kernels::mix_f32, &Buffers::floats>),
    TERNLIGHT_RECIPE(softmax, TERNLIGHT_VECTOR(softmax(a, n))),
    TERNLIGHT_RECIPE(to_i8, TERNLIGHT_VECTOR(to_i8(a, n, reinterpret_cast<int8_t*>(out)))),
    TERNLIGHT_RECIPE(to_f16, TERNLIGHT_VECTOR(to_f16(a, n, reinterpret_cast<uint16_t*>(out)))),
    TERNLIGHT_RECIPE(rope_neox, TERNLIGHT_VECTOR(rope_neox(a, b, n))),
    TERNLIGHT_RECIPE(rope_norm, TERNLIGHT_VECTOR(rope_norm(a, b, n))),
    TERNLIGHT_RECIPE(quantize_i8, TERNLIGHT_VECTOR(quantize_i8(a, n, reinterpret_cast<int8_t*>(out), n))),
    TERNLIGHT_RECIPE(quantize_i16,
                     TERNLIGHT_VECTOR(quantize_i16(a, n, 6553, reinterpret_cast<int16_t*>(out)))),
    TERNLIGHT_RECIPE(group_sums_i8, TERNLIGHT_VECTOR(group_sums_i8(reinterpret_cast<int8_t*>(a), n,
                                                                   reinterpret_cast<int32_t*>(out)))),
    TERNLIGHT_RECIPE(dequantize,
                     TERNLIGHT_VECTOR(dequantize(reinterpret_cast<int32_t*>(a), 7, 31.0f, 0.5f, n, out))),
    TERNLIGHT_RECIPE(rms_norm, TERNLIGHT_VECTOR(rms_norm(a, b, 1e-5f, n, out))),
    TERNLIGHT_RECIPE(relu2_mul, TERNLIGHT_VECTOR(relu2_mul(a, b, n, out))),
    TERNLIGHT_RECIPE(silu_mul, TERNLIGHT_VECTOR(silu_mul(a, b, n, out))),
    TERNLIGHT_RECIPE(add, TERNLIGHT_VECTOR(add(out, a, n))),
    TERNLIGHT_RECIPE(scale, TERNLIGHT_VECTOR(scale(a, 1.0f, n))),
};

#undef TERNLIGHT_RECIPE
#undef TERNLIGHT_VECTOR

const Recipe& recipe_of(const char* kernel) {
  for (const Recipe& recipe : kRecipes) {
    if (strcmp(recipe.kernel, kernel) == 0) return recipe;
  }
  fprintf(stderr, "a case names the kernel %s, and no recipe does\n", kernel);
  abort();
}

bool same_function(const char* kernel, const Kernels& a, const Kernels& b) {
  const size_t offset = recipe_of(kernel).offset;
  const auto at = [offset](const Kernels& k) { return reinterpret_cast<const char*>(&k) + offset; };
  return memcmp(at(a), at(b), sizeof(void (*)())) == 0;
}

// Weights of one case, near enough to tell whether a cache could hold them.
bool larger_than_caches(const Case& c) {
  const size_t weights = c.rows * c.k * c.copies;
  const bool ternary = strncmp(c.kernel, "ternary", 7) == 0;
  return (ternary ? weights / 4 : weights) > size_t{100} << 20;
}

// A kernel table and what its rows are called. A kernel with several variants gets one table for each of
// them, which counts for that kernel alone.
struct Table {
  Kernels kernels;
  std::string variant;
  const char* only = nullptr;  // nullptr: every kernel
};

std::vector<Table> tables(Isa isa) {
  std::vector<Table> all = {{make_kernels(isa), ""}};
  for (const TernaryMethod& method : ternary_methods()) {
    if (method.isa != isa || strcmp(method.name, all[0].kernels.gemv_method) == 0) continue;
    Table table = {make_kernels(isa), method.name};
    use_gemv(table.kernels, method);
    if (method.gemm != nullptr) use_gemm(table.kernels, method);
    for (const char* field : {"ternary_gemv", "ternary_gemm"}) {
      if (strcmp(field, "ternary_gemm") == 0 && method.gemm == nullptr) continue;
      table.only = field;
      all.push_back(table);
    }
  }
  return all;
}

}  // namespace

Workload::Workload(const Case& c, const Kernels& kernels) {
  Made made = recipe_of(c.kernel).make(buffers_, kernels, c);
  rows_ = made.by_rows ? c.rows : 1;
  products_ = static_cast<double>(c.rows) * static_cast<double>(c.k * c.copies);
  if (strcmp(c.kernel, "read") != 0) products_ *= static_cast<double>(c.tokens);
  bytes_ = static_cast<double>(made.bytes);
  run_ = std::move(made.run);
}

std::vector<Entry> entries() {
  std::vector<Entry> all;
  for (const Isa isa : {Isa::scalar, Isa::simd128, Isa::relaxed_simd}) {
    if (isa > best_isa()) continue;
    const Kernels below = make_kernels(isa == Isa::relaxed_simd ? Isa::simd128 : Isa::scalar);
    for (const Case& c : kCases) {
      const bool read = strcmp(c.kernel, "read") == 0;  // of no Isa: listed once, with the first fast one
      if (read && isa != Isa::simd128) continue;
      for (const Table& table : tables(isa)) {
        if (table.only != nullptr && strcmp(table.only, c.kernel) != 0) continue;
        const bool shared = !read && isa != Isa::scalar && same_function(c.kernel, table.kernels, below);
        all.push_back({c, table.kernels, table.variant, shared, larger_than_caches(c)});
      }
    }
  }
  return all;
}

}  // namespace ternlight::bench
