// What the façade's classes own. Private to src/engine.
#pragma once

#include "engine/engine.h"
#include "model/forward.h"
#include "model/loader.h"

namespace ternlight {

struct Engine::Impl {
  explicit Impl(const EngineOptions& options)
      : kernels(make_kernels(options.isa)), threads(options.threads), compute{kernels, threads} {}

  Kernels kernels;
  ThreadPool threads;
  Compute compute;
  bool kernel_is_open = false;  // to be measured at the end of the load
};

struct Model::Impl {
  Impl(LoadedWeights&& loaded, Tokenizer&& tokenizer);

  LoadedWeights loaded;
  Tokenizer tokenizer;
  RopeTable rope;
  ModelInfo info;

  const Config& config() const { return loaded.config; }
  Transformer transformer() const { return {loaded.config, *loaded.weights, rope}; }
};

}  // namespace ternlight
