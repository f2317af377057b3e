#include "engine/choose_methods.h"

#include <algorithm>
#include <chrono>
#include <vector>

namespace ternlight {
namespace {

// A piece of a real matrix that fits the L2 cache: weights from memory would time the memory.
constexpr size_t kRows = 48, kColumns = 2560, kTokens = 12;
constexpr double kSlice = 0.1;       // ms for one method; some clocks take longer for a tick
constexpr double kCoarseTick = 0.5;  // ms: browsers that give no better time get one round

double now_ms() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Begins at a tick of the clock and ends at one.
template <class Run>
double time_of(Run run) {
  const double before = now_ms();
  double start = before;
  while (start == before) start = now_ms();
  double elapsed = 0;
  for (double runs = 1;; runs++) {
    run();
    elapsed = now_ms() - start;
    if (elapsed >= kSlice) return elapsed / runs;
  }
}

struct Best {
  const TernaryMethod* method = nullptr;
  double ms = 0;
  void offer(const TernaryMethod& m, double time) {
    if (method == nullptr || time < ms) method = &m, ms = time;
  }
};

bool fits(const TernaryMethod& method, Isa isa) {
  // The scalar kernels are for where there is nothing else.
  return method.isa <= isa && (method.isa != Isa::scalar || isa == Isa::scalar);
}

void measure(Kernels& kernels) {
  std::vector<uint8_t> w(kRows * kColumns / 4, 0x62);  // codes 1, 2, 0, 2: the time does not depend on them
  std::vector<int8_t> x(kTokens * kColumns, 3);
  std::vector<int32_t> y(kRows * kTokens);
  Best gemv, gemm;
  const double start = now_ms();
  for (int round = 0; round < 3; round++) {
    for (const TernaryMethod& m : ternary_methods()) {
      if (!fits(m, kernels.isa)) continue;
      gemv.offer(m, time_of([&] { m.gemv(w.data(), kRows, kColumns, x.data(), y.data()); }));
      if (m.gemm == nullptr) continue;
      gemm.offer(m, time_of([&] { m.gemm(w.data(), kRows, kColumns, x.data(), kTokens, y.data(), kRows); }));
    }
    if (now_ms() - start > 7 * kCoarseTick) break;
  }
  use_gemv(kernels, *gemv.method);
  use_gemm(kernels, *gemm.method);
}

}  // namespace

Status choose_methods(Kernels& kernels, const std::string& wish) {
  if (wish == "auto") {
    measure(kernels);
    return ok_status();
  }
  std::string known = "auto";
  for (const TernaryMethod& m : ternary_methods()) {
    if (m.isa > kernels.isa) continue;
    known.append(", ").append(m.name);
    if (wish != m.name) continue;
    use_gemv(kernels, m);
    if (m.gemm != nullptr) use_gemm(kernels, m);
    return ok_status();
  }
  return error(ErrorCode::invalid_argument, "kernel: expected one of " + known + ", found \"" + wish + "\"");
}

}  // namespace ternlight
