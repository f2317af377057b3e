#include "train/gemm.h"

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

TEST(Gemm, MultipliesInEveryOrderAndAnySize) {
  TrainMachine machine(2);
  Rng rng(1);
  for (const GemmShape s : {GemmShape{1, 1, 1}, {6, 8, 256}, {7, 9, 257}, {13, 40, 600}, {500, 17, 5}}) {
    for (const Order left : {Order::rows, Order::transposed}) {
      for (const Order right : {Order::rows, Order::transposed}) {
        for (const Into into : {Into::replace, Into::add}) {
          for (const GemmBlock block : {portable_gemm, best_gemm()}) {
            const std::vector<float> a = random_floats(rng, s.m * s.k), b = random_floats(rng, s.k * s.n);
            std::vector<float> c = random_floats(rng, s.m * s.n);
            const Operand x = {a.data(), left == Order::rows ? s.k : s.m, left};
            const Operand y = {b.data(), right == Order::rows ? s.n : s.k, right};
            const std::vector<float> expected = naive(s, 0.5f, x, y, into, c);
            gemm({machine.kernels, machine.pool, block}, s, 0.5f, x, y, into, c.data(), s.n);
            // 600 terms below 1, each sum rounded to 2^-24 of at most 600
            for (size_t i = 0; i < c.size(); i++) ASSERT_NEAR(c[i], expected[i], 2e-4) << name(block) << " " << s.m << "x" << s.n << "x" << s.k;
          }
        }
      }
    }
  }
}

TEST(Gemm, GivesTheSameBitsForEveryThreadCount) {
  Rng rng(2);
  const GemmShape s = {700, 30, 300};
  const std::vector<float> a = random_floats(rng, s.m * s.k), b = random_floats(rng, s.k * s.n);
  std::vector<std::vector<float>> results;
  for (const size_t threads : {1, 2, 3}) {
    TrainMachine machine(threads);
    results.emplace_back(s.m * s.n);
    gemm(machine.compute(), s, 1.0f, {a.data(), s.k}, {b.data(), s.n}, Into::replace, results.back().data(), s.n);
  }
  EXPECT_EQ(results[0], results[1]);
  EXPECT_EQ(results[0], results[2]);
}

}  // namespace
}  // namespace ternlight::train
