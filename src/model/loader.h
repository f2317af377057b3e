// WeightLoader: takes a GGUF file's bytes in order, refuses it as early as the header allows, reserves all memory once and
// unpacks weights into it as they pass. Peak memory is the weights plus one staging buffer.
//
// A split file comes in parts: first the header of each, in order, then the data of each. part() says which one the next
// bytes are of. What comes behind a header in the same piece is kept until that part's data is due.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/arenas.h"
#include "base/status.h"
#include "gguf/header.h"
#include "model/config.h"
#include "model/head_format.h"
#include "model/memory_plan.h"
#include "model/weights.h"
#include "nn/compute.h"
#include "tensor/pack/i2_s_packing.h"

namespace ternlight {

struct WeightLoaderOptions {
  std::vector<uint64_t> file_sizes = {0};  // bytes, one for each part; 0 when not known
  HeadFormat head = HeadFormat::automatic;
  I2sPacking i2s = I2sPacking::automatic;
  MemoryWish memory;
};

struct LoadedWeights {
  Arenas arenas;  // of the weights
  Arena session_memory;  // kept free for a session's keys, values and scratch: to be given up when the load is over
  gguf::Header header;
  Config config;
  std::unique_ptr<Weights> weights;  // on the heap: tensor slots point into it while loading
  I2sPacking i2s = I2sPacking::automatic;  // how the file's I2_S tensors were packed; automatic when there are none
};

class WeightLoader {
 public:
  WeightLoader(const Compute& compute, const WeightLoaderOptions& options);
  ~WeightLoader();

  std::span<uint8_t> reserve();  // where the next bytes of the file go; empty at the end and after an error
  Status commit(size_t n);       // the first n bytes of it have been written
  size_t part() const;           // which part the next bytes are of
  uint64_t offset() const;       // where in that part
  uint64_t loaded() const;
  uint64_t total() const;
  const gguf::Header* header() const;  // once all parts' headers are read
  Result<LoadedWeights> finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ternlight
