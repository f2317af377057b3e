// WeightLoader: takes a GGUF file's bytes in order, refuses it as early as the header allows, reserves one arena and
// unpacks weights into it as they pass. Peak memory is the weights plus one staging buffer.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/arena.h"
#include "base/status.h"
#include "gguf/header.h"
#include "kernels/kernels.h"
#include "model/config.h"
#include "model/head_format.h"
#include "model/weights.h"

namespace ternlight {

struct WeightLoaderOptions {
  uint64_t file_size = 0;  // bytes; 0 when not known
  HeadFormat head = HeadFormat::automatic;
  uint64_t max_resident_bytes = 0;  // 0 is no limit
};

struct LoadedWeights {
  Arena arena;
  gguf::Header header;
  Config config;
  std::unique_ptr<Weights> weights;  // on the heap: tensor slots point into it while loading
};

class WeightLoader {
 public:
  WeightLoader(const Kernels& kernels, const WeightLoaderOptions& options);
  ~WeightLoader();

  std::span<uint8_t> reserve();  // where the next bytes of the file go; empty at the end and after an error
  Status commit(size_t n);       // the first n bytes of it have been written
  uint64_t loaded() const;
  uint64_t total() const;
  const gguf::Header* header() const;  // once read
  Result<LoadedWeights> finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ternlight
