// Speed of the kernels on the shapes of BitNet b1.58 2B4T (d 2560, FFN 6912) and of a small model, per Isa.
// Items are multiplications, so items_per_second is weights (times tokens) per second; bytes are weights
// read.
//
// Native figures say how the sources fare through the SIMD stand-in; what wasm gets has to be measured in a
// browser.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/rng.h"
#include "kernels/half.h"
#include "kernels/kernels.h"
#include "kernels/layouts.h"

namespace ternlight {
namespace {

template <class T>
std::vector<T> random_integers(size_t n, uint32_t seed) {
  Rng rng(seed);
  std::vector<T> values(n);
  for (T& v : values) v = static_cast<T>(rng.next_u32() >> 8);
  return values;
}

// Bytes of four codes 0..2.
std::vector<uint8_t> random_codes(size_t bytes) {
  Rng rng(1);
  std::vector<uint8_t> w(bytes);
  for (uint8_t& byte : w) {
    for (int field = 0; field < 4; ++field)
      byte = static_cast<uint8_t>(byte << 2 | static_cast<int>(rng.next_below(3)));
  }
  return w;
}

std::vector<float> random_floats(size_t n) {
  Rng rng(2);
  std::vector<float> x(n);
  for (float& v : x) v = 2 * rng.next_float() - 1;
  return x;
}

void report(benchmark::State& state, size_t products, size_t bytes) {
  const auto iterations = static_cast<int64_t>(state.iterations());
  state.SetItemsProcessed(iterations * static_cast<int64_t>(products));
  state.SetBytesProcessed(iterations * static_cast<int64_t>(bytes));
}

void ternary_gemv(benchmark::State& state, Isa isa) {
  const Kernels kernels = make_kernels(isa);
  const auto rows = static_cast<size_t>(state.range(0)), k = static_cast<size_t>(state.range(1));
  const std::vector<uint8_t> w = random_codes(rows * k / 4);
  const std::vector<int8_t> x = random_integers<int8_t>(k, 3);
  std::vector<int32_t> y(rows);
  for (auto _ : state) {
    kernels.ternary_gemv(w.data(), rows, k, x.data(), y.data());
    benchmark::DoNotOptimize(y.data());
  }
  report(state, rows * k, w.size());
}

void ternary_gemm(benchmark::State& state, Isa isa) {
  const Kernels kernels = make_kernels(isa);
  const auto rows = static_cast<size_t>(state.range(0)), k = static_cast<size_t>(state.range(1));
  const auto tokens = static_cast<size_t>(state.range(2));
  const std::vector<uint8_t> w = random_codes(rows * k / 4);
  const std::vector<int8_t> x = random_integers<int8_t>(k * tokens, 3);
  std::vector<int32_t> y(rows * tokens);
  for (auto _ : state) {
    kernels.ternary_gemm(w.data(), rows, k, x.data(), tokens, y.data(), rows);
    benchmark::DoNotOptimize(y.data());
  }
  report(state, rows * k * tokens, w.size());
}

void ternary_grouped_gemv(benchmark::State& state, Isa isa) {
  const Kernels kernels = make_kernels(isa);
  const auto rows = static_cast<size_t>(state.range(0)), k = static_cast<size_t>(state.range(1));
  const std::vector<uint8_t> w = random_codes(rows * k / 4);
  const std::vector<float> scales = random_floats(scale_count(Layout::ternary_grouped, rows, k));
  const std::vector<int8_t> x = random_integers<int8_t>(k, 3);
  std::vector<int32_t> sums((k + 255) / 256);
  kernels.group_sums_i8(x.data(), k, sums.data());
  std::vector<float> y(rows);
  for (auto _ : state) {
    kernels.ternary_grouped_gemv(w.data(), scales.data(), rows, k, x.data(), sums.data(), y.data());
    benchmark::DoNotOptimize(y.data());
  }
  report(state, rows * k, w.size() + scales.size() * 4);
}

void f16_gemv(benchmark::State& state, Isa isa) {
  const Kernels kernels = make_kernels(isa);
  const auto rows = static_cast<size_t>(state.range(0)), k = static_cast<size_t>(state.range(1));
  std::vector<uint16_t> w;
  for (const float v : random_floats(rows * k)) w.push_back(float_to_half(v));
  const std::vector<float> x = random_floats(k);
  std::vector<float> y(rows);
  for (auto _ : state) {
    kernels.f16_gemv(w.data(), rows, k, x.data(), y.data());
    benchmark::DoNotOptimize(y.data());
  }
  report(state, rows * k, w.size() * 2);
}

void int8_gemv(benchmark::State& state, Isa isa) {
  const Kernels kernels = make_kernels(isa);
  const auto rows = static_cast<size_t>(state.range(0)), k = static_cast<size_t>(state.range(1));
  const std::vector<int8_t> w = random_integers<int8_t>(rows * k, 4);
  std::vector<int16_t> x = random_integers<int16_t>(k, 5);
  for (int16_t& v : x) v = static_cast<int16_t>(v % 6553);
  std::vector<int32_t> y(rows);
  for (auto _ : state) {
    kernels.int8_gemv(w.data(), rows, k, x.data(), y.data());
    benchmark::DoNotOptimize(y.data());
  }
  report(state, rows * k, w.size());
}

using BlockGemv = void (*Kernels::*)(const uint8_t*, size_t, size_t, const int16_t*, float*);

void block_gemv(benchmark::State& state, Isa isa, BlockGemv gemv, Layout layout) {
  const Kernels kernels = make_kernels(isa);
  const auto rows = static_cast<size_t>(state.range(0)), k = static_cast<size_t>(state.range(1));
  // Zero blocks: the work does not depend on the values, and random scales could be NaN.
  const std::vector<uint8_t> w(rows * row_bytes(layout, k));
  const std::vector<int16_t> x = random_integers<int16_t>(k, 5);
  std::vector<float> y(rows);
  for (auto _ : state) {
    (kernels.*gemv)(w.data(), rows, k, x.data(), y.data());
    benchmark::DoNotOptimize(y.data());
  }
  report(state, rows * k, w.size());
}

void vector_kernel(benchmark::State& state, Isa isa,
                   void (*run)(const Kernels&, std::vector<float>*, size_t)) {
  const Kernels kernels = make_kernels(isa);
  const auto n = static_cast<size_t>(state.range(0));
  std::vector<float> v[3] = {random_floats(n), random_floats(n), random_floats(n)};
  for (auto _ : state) {
    run(kernels, v, n);
    benchmark::DoNotOptimize(v[2].data());
  }
  report(state, n, n * 4);
}

void register_all(Isa isa) {
  const std::string suffix = std::string("/") + name(isa);
  const auto add = [&suffix](const char* what, auto function) {
    return benchmark::RegisterBenchmark((what + suffix).c_str(), function);
  };
  // In cache: the small model's shapes, then 2B4T's k, q, gate and down; the last one (84 MB) comes from
  // memory.
  add("ternary_gemv", [isa](benchmark::State& s) { ternary_gemv(s, isa); })
      ->Args({256, 256})
      ->Args({768, 256})
      ->Args({640, 2560})
      ->Args({2560, 2560})
      ->Args({6912, 2560})
      ->Args({2560, 6912})
      ->Args({131072, 2560});
  add("ternary_gemm", [isa](benchmark::State& s) { ternary_gemm(s, isa); })
      ->Args({2560, 2560, 2})
      ->Args({2560, 2560, 4})
      ->Args({2560, 2560, 16})
      ->Args({2560, 2560, 128})
      ->Args({2560, 6912, 32});
  add("ternary_grouped_gemv", [isa](benchmark::State& s) {
    ternary_grouped_gemv(s, isa);
  })->Args({2560, 2560});
  add("f16_gemv", [isa](benchmark::State& s) { f16_gemv(s, isa); })->Args({400, 2560})->Args({16384, 2560});
  add("int8_gemv", [isa](benchmark::State& s) { int8_gemv(s, isa); })->Args({400, 2560})->Args({32768, 2560});
  add("q8_0_gemv", [isa](benchmark::State& s) {
    block_gemv(s, isa, &Kernels::q8_0_gemv, Layout::q8_0);
  })->Args({32768, 2560});
  add("q6_k_gemv", [isa](benchmark::State& s) {
    block_gemv(s, isa, &Kernels::q6_k_gemv, Layout::q6_k);
  })->Args({32768, 2560});
  add("rms_norm",
      [isa](benchmark::State& s) {
        vector_kernel(s, isa, [](const Kernels& k, std::vector<float>* v, size_t n) {
          k.rms_norm(v[0].data(), v[1].data(), 1e-5f, n, v[2].data());
        });
      })
      ->Arg(2560)
      ->Arg(6912);
  add("quantize_i8",
      [isa](benchmark::State& s) {
        vector_kernel(s, isa, [](const Kernels& k, std::vector<float>* v, size_t n) {
          k.quantize_i8(v[0].data(), n, reinterpret_cast<int8_t*>(v[2].data()), n);
        });
      })
      ->Arg(2560)
      ->Arg(6912);
  add("silu_mul", [isa](benchmark::State& s) {
    vector_kernel(s, isa, [](const Kernels& k, std::vector<float>* v, size_t n) {
      k.silu_mul(v[0].data(), v[1].data(), n, v[2].data());
    });
  })->Arg(6912);
}

}  // namespace
}  // namespace ternlight

int main(int argc, char** argv) {
  using ternlight::Isa;
  for (const Isa isa : {Isa::scalar, Isa::simd128, Isa::relaxed_simd}) {
    if (isa <= ternlight::best_isa()) ternlight::register_all(isa);
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
