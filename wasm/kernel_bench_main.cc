// The kernel benchmark as a wasm module, for a worker of a browser (tests/bench/kernels.mjs): lists what
// there is to time, and times one entry at a time. Both print JSON, one object per line.
#include <emscripten.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <memory>
#include <vector>

#include "parallel/thread_pool.h"
#include "workload.h"

namespace ternlight::bench {
namespace {

double now() {
  const auto time = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double, std::milli>(time).count();
}

// Until the browser has replaced its quick first translation of the kernel by the optimised one, which it
// does by call counts, on another thread: many short calls and time.
void warm_up(const Workload& work, const Case& c) {
  const size_t rows =
      std::min(work.rows(), std::max<size_t>(64, (size_t{1} << 20) / (c.k * c.tokens * c.copies)));
  const double start = now();
  for (int calls = 0; calls < 100 || now() - start < 100; calls++) work.run(0, rows);
}

// One pool for all entries: threads that have ended come back only when the event loop turns.
ThreadPool& threads_of(size_t count) {
  static std::unique_ptr<ThreadPool> pool;
  if (pool == nullptr || pool->size() != count) {
    pool.reset();
    pool = std::make_unique<ThreadPool>(count);
  }
  return *pool;
}

double run(const Workload& work, ThreadPool& pool, size_t calls) {
  // A band of neighbouring rows for each thread, as in the engine.
  const size_t grain = work.rows() >= 32 ? 16 : 1;
  const double start = now();
  for (size_t i = 0; i < calls; i++) {
    pool.parallel_for(work.rows(), grain, [&](size_t begin, size_t end, size_t) { work.run(begin, end); });
  }
  return now() - start;
}

}  // namespace
}  // namespace ternlight::bench

using namespace ternlight;
using namespace ternlight::bench;

extern "C" EMSCRIPTEN_KEEPALIVE void bench_list() {
  int index = 0;
  for (const Entry& entry : entries()) {
    printf(
        R"({"index":%d,"kernel":"%s","isa":"%s","variant":"%s","shape":"%s","rows":%zu,"shared":%s,"memory":%s})"
        "\n",
        index++, entry.what.kernel, name(entry.kernels.isa), entry.variant.c_str(), shape(entry.what).c_str(),
        entry.what.rows, entry.shared ? "true" : "false", entry.from_memory ? "true" : "false");
  }
  fflush(stdout);
}

// `samples` times as many calls as take about `milliseconds`; prints the ns per call of each sample.
extern "C" EMSCRIPTEN_KEEPALIVE void bench_run(int index, int threads, int samples, double milliseconds) {
  const std::vector<Entry> all = entries();
  const Entry& entry = all[static_cast<size_t>(index)];
  const Workload work(entry.what, entry.kernels);
  warm_up(work, entry.what);
  ThreadPool& pool = threads_of(static_cast<size_t>(threads));
  size_t calls = 1;
  double took = run(work, pool, calls);
  while (took < milliseconds / 2 && calls < size_t{1} << 30) {
    calls = static_cast<size_t>(
        std::ceil(static_cast<double>(calls) * std::min(16.0, milliseconds / std::max(took, 0.05))));
    took = run(work, pool, calls);
  }
  printf(R"({"index":%d,"threads":%d,"calls":%zu,"products":%.0f,"bytes":%.0f,"ns":[)", index, threads, calls,
         work.products(), work.bytes());
  for (int i = 0; i < samples; i++) {
    printf("%s%.1f", i == 0 ? "" : ",", run(work, pool, calls) * 1e6 / static_cast<double>(calls));
  }
  printf("]}\n");
  fflush(stdout);
}
