// A trained network as a GGUF file that the engine, and BitNet's own programs, load.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "gguf/header.h"
#include "train/gemm.h"
#include "train/net_config.h"

namespace ternlight::train {

// A tokenizer whose tokens are the 256 bytes and <|endoftext|>, which begins texts and ends them.
gguf::Metadata byte_tokenizer();

struct ExportOptions {
  std::string_view name;            // general.name
  std::string_view license = {};    // general.license, an SPDX identifier; empty for none
  WeightKind weights;               // what the linear maps were trained as
  const gguf::Metadata& tokenizer;  // every tokenizer.* key of it is copied
};

// Writes the file front to back through `write`: architecture bitnet-b1.58, linear maps as I2_S (f16 for full precision),
// norms f32, the embedding f16. invalid_argument for what that architecture does not have: an own head, GELU, no sub-norms;
// rows that are no multiple of 128; a vocabulary of another size than the tokenizer's.
Status export_gguf(const TrainCompute& compute, const NetConfig& config, const std::vector<float>& parameters,
                   const ExportOptions& options, const std::function<Status(std::span<const uint8_t>)>& write);

}  // namespace ternlight::train
