// Compute: the machine a layer runs on. Passed along, never global.
#pragma once

#include "kernels/kernels.h"
#include "parallel/thread_pool.h"

namespace ternlight {

struct Compute {
  const Kernels& kernels;
  ThreadPool& threads;
};

}  // namespace ternlight
