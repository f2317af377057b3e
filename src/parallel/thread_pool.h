// ThreadPool: splits a range over a fixed set of threads. It owns its threads, and the caller is one of them: a pool of
// n starts n - 1. With one thread, or in a build without threads (TERNLIGHT_THREADS=0), everything runs inline.
#pragma once

#include <cstddef>
#include <memory>
#include <type_traits>

namespace ternlight {

class ThreadPool {
 public:
  explicit ThreadPool(size_t threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  size_t size() const { return size_; }

  // Calls fn(begin, end, worker), on each thread as often as it finds something left to do, so that the disjoint ranges
  // cover [0, n); returns when all are done. Ranges are multiples of `grain` (at least 1) but for the last. Never nested.
  // Allocates nothing.
  template <class Fn>
  void parallel_for(size_t n, size_t grain, Fn&& fn) {
    if (size_ == 1 || n <= grain) {
      if (n > 0) fn(size_t{0}, n, size_t{0});
      return;
    }
    using Callable = std::remove_reference_t<Fn>;
    run(n, grain, [](void* f, size_t b, size_t e, size_t w) { (*static_cast<Callable*>(f))(b, e, w); },
        const_cast<std::remove_const_t<Callable>*>(&fn));
  }

 private:
  using Task = void (*)(void* context, size_t begin, size_t end, size_t worker);
  void run(size_t n, size_t grain, Task task, void* context);

  struct Impl;
  size_t size_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ternlight
