#include "parallel/thread_pool.h"

#ifndef TERNLIGHT_THREADS
#define TERNLIGHT_THREADS 1
#endif

#if TERNLIGHT_THREADS
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>
#endif

namespace ternlight {

#if TERNLIGHT_THREADS

namespace {

// A forward pass has a few hundred barriers per token, microseconds apart: sleeping at each would double its
// time. Some tens of microseconds of spinning bridge those gaps; a thread that waits longer, between tokens,
// sleeps.
#if defined(__wasm__)
constexpr int kSpins = 20000;  // wasm has no pause instruction: a round takes a nanosecond or two
inline void pause() {}
#else
constexpr int kSpins = 2000;
inline void pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ __volatile__("yield");
#endif
}
#endif

// A number that threads wait for. Nobody asleep, nobody notified: the system call is paid only when it is
// needed.
class alignas(64) Signal {
 public:
  uint32_t load() const { return value_.load(std::memory_order_acquire); }
  void store(uint32_t value) { value_.store(value, std::memory_order_seq_cst); }
  uint32_t subtract(uint32_t count) { return value_.fetch_sub(count, std::memory_order_seq_cst) - count; }

  // Returns the value once it is not `old`.
  uint32_t wait_while(uint32_t old) {
    for (int i = 0; i < kSpins; ++i) {
      if (const uint32_t now = load(); now != old) return now;
      pause();
    }
    // Announced before the last look at the value: either wake() sees the sleeper or the sleeper sees the new
    // value.
    sleepers_.fetch_add(1, std::memory_order_seq_cst);
    uint32_t now = value_.load(std::memory_order_seq_cst);
    while (now == old) {
      sleep(old);
      now = load();
    }
    sleepers_.fetch_sub(1, std::memory_order_relaxed);
    return now;
  }

  void wake() {
    if (sleepers_.load(std::memory_order_seq_cst) == 0) return;
#if defined(__wasm__)
    __builtin_wasm_memory_atomic_notify(reinterpret_cast<int*>(&value_), UINT32_MAX);
#else
    value_.notify_all();
#endif
  }

 private:
  void sleep(uint32_t old) {
#if defined(__wasm__)
    // libc++'s own wait() polls with growing sleeps on systems it does not know, and wasm is one.
    __builtin_wasm_memory_atomic_wait32(reinterpret_cast<int*>(&value_), static_cast<int>(old), -1);
#else
    value_.wait(old, std::memory_order_acquire);
#endif
  }

  std::atomic<uint32_t> value_{0};
  std::atomic<uint32_t> sleepers_{0};
};

}  // namespace

// A job is over when all its units are done, not when all threads have said so: a thread without a core to run on (there
// may be fewer than the browser says, or somebody else has them) holds up no more than the piece it has taken. It may
// therefore wake when the next job has begun, which is why a piece is claimed together with the job's number.
struct ThreadPool::Impl {
  using Claim = uint64_t;  // number of the job << 32 | first unit that nobody has taken yet
  static constexpr uint32_t kClosed = UINT32_MAX;
  static Claim claim_of(uint32_t job, uint32_t unit) { return Claim{job} << 32 | unit; }

  // The job. Each is written with release behind the closing of `claim`: who sees a new value sees the old claim gone.
  std::atomic<Task> task{nullptr};
  std::atomic<void*> context{nullptr};
  std::atomic<size_t> n{0};
  std::atomic<size_t> grain{1};
  alignas(64) std::atomic<Claim> claim{claim_of(0, kClosed)};
  std::atomic<bool> stop{false};

  Signal epoch;  // number of the job; a change starts one
  Signal left;   // units of it that are not done
  std::vector<std::thread> threads;

  // Takes pieces of a job until there are none: each a share of what is left, so that the first are large, and the last
  // small enough that a slow core holds nobody up.
  void work_on(uint32_t job, size_t worker, size_t workers) {
    Claim now = claim.load(std::memory_order_acquire);
    for (;;) {
      const auto first = static_cast<uint32_t>(now);
      if (now >> 32 != job || first == kClosed) return;
      const size_t size = n.load(std::memory_order_acquire), unit = grain.load(std::memory_order_acquire);
      const size_t units = (size + unit - 1) / unit;
      if (first >= units) return;
      const size_t share = (units - first) / (2 * workers), count = share > 0 ? share : 1;
      if (!claim.compare_exchange_weak(now, now + count, std::memory_order_acq_rel, std::memory_order_acquire)) continue;
      const size_t begin = first * unit, end = begin + count * unit;
      task.load(std::memory_order_relaxed)(context.load(std::memory_order_relaxed), begin, end < size ? end : size, worker);
      if (left.subtract(static_cast<uint32_t>(count)) == 0) left.wake();
      now = claim.load(std::memory_order_acquire);
    }
  }

  void work(size_t worker, size_t workers) {
    uint32_t job = 0;
    for (;;) {
      job = epoch.wait_while(job);
      if (stop.load(std::memory_order_acquire)) return;
      work_on(job, worker, workers);
    }
  }

  void wait() {
    for (uint32_t units = left.load(); units != 0;) units = left.wait_while(units);
  }
};

ThreadPool::ThreadPool(size_t threads) : size_(threads > 1 ? threads : 1), impl_(std::make_unique<Impl>()) {
  impl_->threads.reserve(size_ - 1);
  for (size_t worker = 1; worker < size_; ++worker) {
    impl_->threads.emplace_back(
        [impl = impl_.get(), worker, workers = size_] { impl->work(worker, workers); });
  }
}

ThreadPool::~ThreadPool() {
  impl_->stop.store(true, std::memory_order_release);
  impl_->epoch.store(impl_->epoch.load() + 1);
  impl_->epoch.wake();
  for (std::thread& thread : impl_->threads) thread.join();
}

void ThreadPool::run(size_t n, size_t grain, Task task, void* context) {
  Impl& pool = *impl_;
  const uint32_t job = pool.epoch.load() + 1;
  pool.claim.store(Impl::claim_of(job, Impl::kClosed), std::memory_order_seq_cst);
  pool.task.store(task, std::memory_order_release);
  pool.context.store(context, std::memory_order_release);
  pool.n.store(n, std::memory_order_release);
  pool.grain.store(grain, std::memory_order_release);
  pool.left.store(static_cast<uint32_t>((n + grain - 1) / grain));
  pool.claim.store(Impl::claim_of(job, 0), std::memory_order_release);
  pool.epoch.store(job);
  pool.epoch.wake();
  pool.work_on(job, 0, size_);
  pool.wait();
}

#else

struct ThreadPool::Impl {};

ThreadPool::ThreadPool(size_t) : size_(1) {}
ThreadPool::~ThreadPool() = default;
void ThreadPool::run(size_t n, size_t, Task task, void* context) { task(context, 0, n, 0); }

#endif

}  // namespace ternlight
