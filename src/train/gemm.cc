#include "train/gemm.h"

#include <algorithm>
#include <vector>

#include "train/gemm_bf16.h"

#ifdef TERNLIGHT_HAVE_OPENBLAS
#include <cblas.h>
#endif

namespace ternlight::train {
namespace {

#ifdef TERNLIGHT_HAVE_OPENBLAS
// Threads are ours: blocks of the result, of a size that they have no part in.
void openblas_gemm(ThreadPool* threads, const GemmShape& s, float alpha, const Operand& a, const Operand& b, Into into, float* c,
                   size_t c_stride) {
  constexpr size_t kRowsTogether = 240;
  static const bool alone = (openblas_set_num_threads(1), true);
  (void)alone;
  const auto order = [](const Operand& x) { return x.order == Order::rows ? CblasNoTrans : CblasTrans; };
  const auto integer = [](size_t n) { return static_cast<blasint>(n); };
  const auto rows = [&](size_t begin, size_t end) {
    const float* from = a.data + begin * (a.order == Order::rows ? a.stride : 1);
    cblas_sgemm(CblasRowMajor, order(a), order(b), integer(end - begin), integer(s.n), integer(s.k), alpha, from,
                integer(a.stride), b.data, integer(b.stride), into == Into::add ? 1.0f : 0.0f, c + begin * c_stride,
                integer(c_stride));
  };
  if (threads == nullptr) return rows(0, s.m);
  threads->parallel_for(s.m, kRowsTogether, [&](size_t begin, size_t end, size_t) {
    for (size_t i = begin; i < end; i += kRowsTogether) rows(i, std::min(i + kRowsTogether, end));
  });
}
#endif

std::vector<GemmKind> available() {
  std::vector<GemmKind> kinds;
  if (has_bf16_gemm()) kinds.push_back({"bf16", bf16_gemm});
#ifdef TERNLIGHT_HAVE_OPENBLAS
  kinds.push_back({"openblas", openblas_gemm});
#endif
  kinds.push_back(kPortableGemm);
  return kinds;
}

}  // namespace

std::span<const GemmKind> gemm_kinds() {
  static const std::vector<GemmKind> kinds = available();
  return kinds;
}

}  // namespace ternlight::train
