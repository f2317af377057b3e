// Llama with ternary projections (Llama3-8B-1.58, Falcon3-1.58bit, Falcon-E, TriLM): SiLU gate, no sub-norms, rotary
// positions in adjacent pairs (converters reorder the rows of Wq and Wk for it), an output head of its own unless the
// file has none.
#include "model/arch.h"

namespace ternlight {
namespace {

constexpr std::string_view kNames[] = {"llama"};

Status configure(const gguf::Metadata& metadata, Config& config) {
  config.activation = Activation::silu;
  config.rope_pairs = RopePairs::norm;
  config.sub_norms = false;
  config.tied_head = false;
  // A mixture of experts shares the name but not the feed-forward block.
  const std::string key = config.architecture + ".expert_count";
  TERNLIGHT_ASSIGN(const std::optional<uint32_t> experts, metadata.u32(key));
  if (experts.value_or(0) > 0) {
    return error(ErrorCode::unsupported_architecture,
                 "metadata key " + key + ": expected 0 (mixtures of experts are not read), found " + std::to_string(*experts));
  }
  return ok_status();
}

}  // namespace

const Architecture kArchLlama = {kNames, configure};

}  // namespace ternlight
