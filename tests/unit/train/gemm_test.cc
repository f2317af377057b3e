#include "train/gemm.h"

#include <bit>
#include <cmath>
#include <string_view>

#include "support.h"

namespace ternlight::train {
namespace {

using test::random_floats;
using test::TrainMachine;

std::vector<float> naive(const GemmShape& s, float alpha, const Operand& a, const Operand& b, Into into, std::vector<float> c) {
  const auto at = [](const Operand& x, size_t i, size_t j) {
    return static_cast<double>(x.order == Order::rows ? x.data[i * x.stride + j] : x.data[j * x.stride + i]);
  };
  for (size_t i = 0; i < s.m; i++) {
    for (size_t j = 0; j < s.n; j++) {
      double sum = 0;
      for (size_t k = 0; k < s.k; k++) sum += at(a, i, k) * at(b, k, j);
      c[i * s.n + j] = static_cast<float>(static_cast<double>(alpha) * sum + (into == Into::add ? static_cast<double>(c[i * s.n + j]) : 0));
    }
  }
  return c;
}

bool rounds_operands(const GemmKind& kind) { return std::string_view(kind.name) == "bf16"; }

// Numbers that the kind of product takes as they are: of bf16's operands eight bits are kept.
std::vector<float> exact_floats(const GemmKind& kind, Rng& rng, size_t n) {
  std::vector<float> x = random_floats(rng, n);
  if (!rounds_operands(kind)) return x;
  for (float& v : x) v = std::bit_cast<float>(std::bit_cast<uint32_t>(v) & 0xFFFF0000u);
  return x;
}

TEST(Gemm, MultipliesInEveryOrderAndAnySize) {
  TrainMachine machine(2);
  Rng rng(1);
  for (const GemmShape s : {GemmShape{1, 1, 1}, {6, 8, 256}, {7, 9, 257}, {13, 40, 600}, {500, 17, 5}, {100, 130, 33}}) {
    for (const Order left : {Order::rows, Order::transposed}) {
      for (const Order right : {Order::rows, Order::transposed}) {
        for (const Into into : {Into::replace, Into::add}) {
          for (const GemmKind& kind : gemm_kinds()) {
            const std::vector<float> a = exact_floats(kind, rng, s.m * s.k), b = exact_floats(kind, rng, s.k * s.n);
            std::vector<float> c = random_floats(rng, s.m * s.n);
            const Operand x = {a.data(), left == Order::rows ? s.k : s.m, left};
            const Operand y = {b.data(), right == Order::rows ? s.n : s.k, right};
            const std::vector<float> expected = naive(s, 0.5f, x, y, into, c);
            gemm({machine.kernels, machine.pool, kind}, s, 0.5f, x, y, into, c.data(), s.n);
            // 600 terms below 1, each sum rounded to 2^-24 of at most 600
            for (size_t i = 0; i < c.size(); i++) ASSERT_NEAR(c[i], expected[i], 2e-4) << kind.name << " " << s.m << "x" << s.n << "x" << s.k;
          }
        }
      }
    }
  }
}

TEST(Gemm, RoundsOperandsToNoLessThanEightBits) {
  TrainMachine machine(1);
  Rng rng(3);
  const GemmShape s = {20, 70, 300};
  const std::vector<float> a = random_floats(rng, s.m * s.k), b = random_floats(rng, s.k * s.n);
  const Operand x = {a.data(), s.k}, y = {b.data(), s.n};
  const std::vector<float> expected = naive(s, 1.0f, x, y, Into::replace, std::vector<float>(s.m * s.n));
  std::vector<float> largest(s.m * s.n), c(s.m * s.n);  // sums of magnitudes
  for (size_t i = 0; i < s.m; i++) {
    for (size_t j = 0; j < s.n; j++) {
      for (size_t k = 0; k < s.k; k++) largest[i * s.n + j] += std::fabs(a[i * s.k + k] * b[k * s.n + j]);
    }
  }
  for (const GemmKind& kind : gemm_kinds()) {
    if (!rounds_operands(kind)) continue;  // held to more above
    gemm({machine.kernels, machine.pool, kind}, s, 1.0f, x, y, Into::replace, c.data(), s.n);
    for (size_t i = 0; i < c.size(); i++) ASSERT_NEAR(c[i], expected[i], largest[i] * 2.01f / 512) << kind.name;
  }
}

TEST(Gemm, IsExactForInt8CodesAndTernaryWeights) {
  TrainMachine machine(2);
  Rng rng(4);
  const GemmShape s = {50, 90, 1000};
  std::vector<float> a(s.m * s.k), b(s.n * s.k), c(s.m * s.n);
  for (float& v : a) v = static_cast<float>(rng.next_below(255)) - 127.0f;
  for (float& v : b) v = static_cast<float>(rng.next_below(3)) - 1.0f;
  const Operand x = {a.data(), s.k}, y = {b.data(), s.k, Order::transposed};
  const std::vector<float> expected = naive(s, 1.0f, x, y, Into::replace, c);
  for (const GemmKind& kind : gemm_kinds()) {
    gemm({machine.kernels, machine.pool, kind}, s, 1.0f, x, y, Into::replace, c.data(), s.n);
    EXPECT_EQ(c, expected) << kind.name;
  }
}

TEST(Gemm, GivesTheSameBitsForEveryThreadCountAndOnTheCallingThread) {
  Rng rng(2);
  const GemmShape s = {700, 130, 300};
  const std::vector<float> a = random_floats(rng, s.m * s.k), b = random_floats(rng, s.k * s.n);
  for (const GemmKind& kind : gemm_kinds()) {
    std::vector<float> expected(s.m * s.n), c(s.m * s.n);
    TrainMachine alone(1);
    gemm_here({alone.kernels, alone.pool, kind}, s, 1.0f, {a.data(), s.k}, {b.data(), s.n}, Into::replace, expected.data(), s.n);
    for (const size_t threads : {1, 2, 3}) {
      TrainMachine machine(threads);
      gemm({machine.kernels, machine.pool, kind}, s, 1.0f, {a.data(), s.k}, {b.data(), s.n}, Into::replace, c.data(), s.n);
      EXPECT_EQ(c, expected) << kind.name << ", " << threads;
    }
  }
}

}  // namespace
}  // namespace ternlight::train
