#include "parallel/thread_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <numeric>
#include <thread>
#include <vector>

namespace ternlight {
namespace {

struct Range {
  size_t begin, end, worker;
};

std::vector<Range> ranges_of(ThreadPool& pool, size_t n, size_t grain) {
  std::vector<Range> ranges;
  std::mutex mutex;
  pool.parallel_for(n, grain, [&](size_t begin, size_t end, size_t worker) {
    const std::lock_guard lock(mutex);
    ranges.push_back({begin, end, worker});
  });
  std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) { return a.begin < b.begin; });
  return ranges;
}

class ThreadPoolOfSize : public testing::TestWithParam<size_t> {};

TEST_P(ThreadPoolOfSize, CoversEveryRangeOnceInMultiplesOfTheGrain) {
  ThreadPool pool(GetParam());
  EXPECT_EQ(pool.size(), GetParam());
  for (const size_t n : {size_t{1}, size_t{2}, size_t{7}, size_t{64}, size_t{65}, size_t{1000}}) {
    for (const size_t grain : {size_t{1}, size_t{3}, size_t{16}, size_t{64}, size_t{2000}}) {
      size_t next = 0;
      for (const Range& range : ranges_of(pool, n, grain)) {
        ASSERT_EQ(range.begin, next) << "n " << n << " grain " << grain;
        ASSERT_LT(range.begin, range.end);
        ASSERT_EQ(range.begin % grain, 0u);
        ASSERT_TRUE(range.end % grain == 0 || range.end == n);
        ASSERT_LT(range.worker, pool.size());
        next = range.end;
      }
      ASSERT_EQ(next, n) << "grain " << grain;
    }
  }
}

TEST_P(ThreadPoolOfSize, ReturnsOnlyWhenTheWorkOfEveryBarrierIsVisible) {
  ThreadPool pool(GetParam());
  std::vector<uint32_t> values(1000, 0);
  for (uint32_t round = 1; round <= 2000; ++round) {
    pool.parallel_for(values.size(), 8, [&](size_t begin, size_t end, size_t) {
      for (size_t i = begin; i < end; ++i) values[i] += 1;
    });
    // Read by another thread than the one that wrote it, hence a check of the barrier's ordering, too.
    ASSERT_EQ(values[round % values.size()], round);
    ASSERT_EQ(values.back(), round);
  }
  EXPECT_EQ(std::accumulate(values.begin(), values.end(), 0u), 2000u * 1000u);
}

TEST_P(ThreadPoolOfSize, WakesThreadsThatHaveGoneToSleep) {
  ThreadPool pool(GetParam());
  for (int round = 0; round < 3; ++round) {
    // Well beyond the spinning phase.
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
    while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
    std::atomic<size_t> covered{0};
    pool.parallel_for(100, 1, [&](size_t begin, size_t end, size_t) { covered += end - begin; });
    ASSERT_EQ(covered, 100u);
  }
}

TEST_P(ThreadPoolOfSize, WaitsForAStragglerLongerThanItSpins) {
  ThreadPool pool(GetParam());
  std::atomic<size_t> covered{0};
  std::atomic<bool> has_straggler{pool.size() == 1};
  pool.parallel_for(2 * pool.size(), 1, [&](size_t begin, size_t end, size_t worker) {
    // The caller leaves something for another thread to take.
    if (worker != 0) has_straggler = true;
    while (!has_straggler) std::this_thread::yield();
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(worker == 0 ? 0 : 15);
    while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
    covered += end - begin;
  });
  EXPECT_EQ(covered, 2 * pool.size());
}

TEST_P(ThreadPoolOfSize, CanBeDestroyedWithoutHavingWorked) {
  for (int i = 0; i < 20; ++i) ThreadPool pool(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Sizes, ThreadPoolOfSize,
                         testing::Values(size_t{1}, size_t{2}, size_t{3}, size_t{5}));

TEST(ThreadPool, GivesTheWorkOfAThreadThatIsHeldUpToOthers) {
  ThreadPool pool(2);
  std::atomic<size_t> of_held_up{0}, covered{0};
  pool.parallel_for(256, 1, [&](size_t begin, size_t end, size_t worker) {
    covered += end - begin;
    if (worker == 0) return;
    of_held_up += end - begin;
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(100);
    while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
  });
  EXPECT_EQ(covered, 256u);
  // The first piece it can have is a quarter, and in the time it spends there the caller takes the rest.
  EXPECT_LE(of_held_up, 64u);
}

TEST(ThreadPool, KeepsManyMoreThreadsThanCoresFromDisturbingEachOther) {
  // Most of them come late, many to a job that is over or to the one behind it.
  ThreadPool pool(24);
  std::vector<uint32_t> values(509, 0);
  for (uint32_t round = 1; round <= 3000; ++round) {
    pool.parallel_for(values.size(), round % 7 + 1, [&](size_t begin, size_t end, size_t) {
      for (size_t i = begin; i < end; ++i) values[i] += 1;
    });
    for (const uint32_t value : values) ASSERT_EQ(value, round);
  }
}

TEST(ThreadPool, RunsInlineWhatFitsOneGrain) {
  ThreadPool pool(3);
  const std::thread::id caller = std::this_thread::get_id();
  pool.parallel_for(16, 16, [&](size_t begin, size_t end, size_t worker) {
    EXPECT_EQ(begin, 0u);
    EXPECT_EQ(end, 16u);
    EXPECT_EQ(worker, 0u);
    EXPECT_EQ(std::this_thread::get_id(), caller);
  });
}

TEST(ThreadPool, DoesNothingForAnEmptyRange) {
  ThreadPool pool(2);
  pool.parallel_for(0, 1, [](size_t, size_t, size_t) { ADD_FAILURE(); });
}

TEST(ThreadPool, TakesACallableThatIsNamedOrConst) {
  ThreadPool pool(2);
  std::atomic<size_t> covered{0};
  const auto work = [&covered](size_t begin, size_t end, size_t) { covered += end - begin; };
  pool.parallel_for(10, 1, work);
  EXPECT_EQ(covered, 10u);
}

TEST(ThreadPool, TreatsNoThreadsAsOne) {
  ThreadPool pool(0);
  EXPECT_EQ(pool.size(), 1u);
}

}  // namespace
}  // namespace ternlight
