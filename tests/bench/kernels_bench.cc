// The kernels' speed under Google Benchmark: every entry of workload.h. Items are multiplications, so
// items_per_second is weights (times tokens) per second; bytes are weights read. Names are kernel/isa/shape.
//
// Native figures say how the sources fare through the SIMD stand-in; what wasm gets is measured in a browser.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "workload.h"

namespace ternlight::bench {
namespace {

// The library calls a benchmark several times to find its iterations; hundreds of megabytes are made once for
// all.
const Workload& workload_of(size_t index, const Entry& entry) {
  static std::unique_ptr<Workload> kept;
  static size_t kept_index = SIZE_MAX;
  if (index != kept_index) {
    kept.reset();
    kept = std::make_unique<Workload>(entry.what, entry.kernels);
    kept_index = index;
  }
  return *kept;
}

void run(benchmark::State& state, size_t index, const Entry& entry) {
  const Workload& work = workload_of(index, entry);
  for (auto _ : state) {
    work.run(0, work.rows());
    benchmark::ClobberMemory();
  }
  const auto runs = static_cast<double>(state.iterations());
  state.SetItemsProcessed(static_cast<int64_t>(runs * work.products()));
  state.SetBytesProcessed(static_cast<int64_t>(runs * work.bytes()));
  state.counters["products"] = work.products();
  state.counters["bytes"] = work.bytes();
  // None in place of 0: the library would divide by it, and JSON has no NaN.
  if (entry.from_memory) state.counters["from_memory"] = 1;
}

void register_all() {
  const std::vector<Entry> all = entries();
  for (size_t i = 0; i < all.size(); i++) {
    const Entry& entry = all[i];
    // A second per run tells nothing about a specification.
    if (entry.shared || (entry.kernels.isa == Isa::scalar && entry.from_memory)) continue;
    std::string label = std::string(entry.what.kernel) + "/";
    if (!entry.variant.empty()) label += entry.variant + "/";
    label += std::string(name(entry.kernels.isa)) + "/" + shape(entry.what);
    benchmark::RegisterBenchmark(label.c_str(),
                                 [i, entry](benchmark::State& state) { run(state, i, entry); });
  }
}

}  // namespace
}  // namespace ternlight::bench

int main(int argc, char** argv) {
  ternlight::bench::register_all();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
