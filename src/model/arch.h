// Architecture: one row per family of models. Adding one is a file arch_<name>.cc and a line in archs.cc.
#pragma once

#include <span>
#include <string_view>

#include "base/status.h"
#include "gguf/header.h"
#include "model/config.h"

namespace ternlight {

struct Architecture {
  std::span<const std::string_view> names;  // values of general.architecture
  // Sets what is particular to the family; the common keys have been read already.
  Status (*configure)(const gguf::Metadata& metadata, Config& config);
};

extern const Architecture kArchBitnet;  // arch_bitnet.cc
extern const Architecture kArchLlama;   // arch_llama.cc

// Reads and checks the whole configuration. unsupported_architecture lists the names that are known.
Result<Config> read_config(const gguf::Header& header);

}  // namespace ternlight
