// Workload: one case with its data, ready to be run by one kernel; and the list of everything there is to
// run.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "buffers.h"
#include "cases.h"
#include "kernels/kernels.h"

namespace ternlight::bench {

class Workload {
 public:
  Workload(const Case& c, const Kernels& kernels);

  // Rows [begin, end) of the result. Threads may take different rows at the same time.
  void run(size_t begin, size_t end) const { run_(begin, end); }
  size_t rows() const { return rows_; }  // 1 when the work cannot be shared
  double products() const {
    return products_;
  }                                        // multiplications (of a vector: elements) in one run of all rows
  double bytes() const { return bytes_; }  // of weights, or whatever stands in their place, read by it

 private:
  size_t rows_;
  double products_, bytes_;
  Buffers buffers_;
  std::function<void(size_t, size_t)> run_;
};

struct Entry {
  Case what;
  Kernels kernels;
  std::string variant;  // which of several kernels for one field; "" when there is one
  bool shared;          // the kernel is that of the Isa below: it need not be timed again
  bool from_memory;     // larger than any cache
};

// Every case for every Isa of this build, and for every variant that the kernel has there.
std::vector<Entry> entries();

}  // namespace ternlight::bench
