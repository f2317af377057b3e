// A model's header as JSON: what `ternlight inspect` and the demo's model page show.
#pragma once

#include <string>

#include "engine/engine.h"
#include "gguf/header.h"

namespace ternlight {

// ModelInfo with camelCase keys; `tokenizer` adds endOfGeneration, bosText and eosText.
std::string model_info_json(const ModelInfo& info, const Tokenizer& tokenizer);

// Version, metadata (long arrays by their length), tensors with type, shape and bits per weight, totals.
std::string header_json(const gguf::Header& header);

}  // namespace ternlight
