#include "engine/choose_methods.h"

#include <vector>

#include "base/clock.h"

namespace ternlight {
namespace {

// A piece of a real matrix that fits the L2 cache: weights from memory would time the memory.
constexpr size_t kRows = 48, kColumns = 2560, kTokens = 12;
constexpr double kSlice = 0.1;       // ms for one method; some clocks take longer for a tick
constexpr double kCoarseTick = 0.5;  // ms: browsers that give no better time get one round

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

struct Problem {
  std::vector<uint8_t> w = std::vector<uint8_t>(kRows * kColumns / 4, 0x62);  // codes 1, 2, 0, 2: times do not depend on them
  std::vector<int8_t> x = std::vector<int8_t>(kTokens * kColumns, 3);
  std::vector<int32_t> y = std::vector<int32_t>(kRows * kTokens);

  void gemv(const TernaryMethod& m) { m.gemv(w.data(), kRows, kColumns, x.data(), y.data()); }
  void gemm(const TernaryMethod& m) { m.gemm(w.data(), kRows, kColumns, x.data(), kTokens, y.data(), kRows); }
};

}  // namespace

void warm_up_methods(Isa isa) {
#if defined(__wasm__)
  constexpr double kWarmUp = 4.0;  // ms
  Problem problem;
  for (const TernaryMethod& m : ternary_methods()) {
    if (!fits(m, isa)) continue;
    for (const double start = now_ms(); now_ms() - start < kWarmUp;) problem.gemv(m);
    if (m.gemm == nullptr) continue;
    for (const double start = now_ms(); now_ms() - start < kWarmUp;) problem.gemm(m);
  }
#else
  static_cast<void>(isa);  // compiled long ago
#endif
}

void choose_methods(Kernels& kernels) {
  Problem problem;
  Best gemv, gemm;
  const double start = now_ms();
  for (int round = 0; round < 6; round++) {
    for (const TernaryMethod& m : ternary_methods()) {
      if (!fits(m, kernels.isa)) continue;
      gemv.offer(m, time_of([&] { problem.gemv(m); }));
      if (m.gemm != nullptr) gemm.offer(m, time_of([&] { problem.gemm(m); }));
    }
    if (now_ms() - start > 7 * kCoarseTick) break;
  }
  use_gemv(kernels, *gemv.method);
  use_gemm(kernels, *gemm.method);
}

Status use_method(Kernels& kernels, const std::string& wish) {
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
