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
  uint32_t decrement() { return value_.fetch_sub(1, std::memory_order_seq_cst) - 1; }

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

struct ThreadPool::Impl {
  // The job: written by the caller while all workers wait, published by `epoch`.
  Task task = nullptr;
  void* context = nullptr;
  size_t n = 0;
  size_t grain = 1;
  bool stop = false;

  Signal epoch;      // counts jobs; a change starts one
  Signal remaining;  // workers that have not finished it
  std::vector<std::thread> threads;

  void run_share(size_t worker, size_t workers) const {
    const size_t units = (n + grain - 1) / grain;
    const size_t begin = units * worker / workers * grain;
    const size_t end = units * (worker + 1) / workers * grain;
    if (begin < end) task(context, begin, end < n ? end : n, worker);
  }

  void work(size_t worker, size_t workers) {
    uint32_t seen = 0;
    for (;;) {
      seen = epoch.wait_while(seen);
      if (stop) return;
      run_share(worker, workers);
      if (remaining.decrement() == 0) remaining.wake();
    }
  }

  void start() {
    epoch.store(epoch.load() + 1);
    epoch.wake();
  }

  void wait() {
    for (uint32_t left = remaining.load(); left != 0;) left = remaining.wait_while(left);
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
  impl_->stop = true;
  impl_->start();
  for (std::thread& thread : impl_->threads) thread.join();
}

void ThreadPool::run(size_t n, size_t grain, Task task, void* context) {
  impl_->task = task;
  impl_->context = context;
  impl_->n = n;
  impl_->grain = grain > 0 ? grain : 1;
  impl_->remaining.store(static_cast<uint32_t>(size_ - 1));
  impl_->start();
  impl_->run_share(0, size_);
  impl_->wait();
}

#else

struct ThreadPool::Impl {};

ThreadPool::ThreadPool(size_t) : size_(1) {}
ThreadPool::~ThreadPool() = default;
void ThreadPool::run(size_t n, size_t, Task task, void* context) { task(context, 0, n, 0); }

#endif

}  // namespace ternlight
