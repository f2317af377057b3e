// BitNet b1.58 (arXiv 2402.17764; 2B4T report arXiv 2504.12285): RMSNorm before each block, sub-norms before the output
// and down projections, rotary positions in NEOX pairs, the embedding as output head.
//
// Which activation gates the feed-forward is not in the files: 2B4T (bitnet-b1.58, at first named bitnet-25) was trained
// with squared ReLU, the earlier 1bitLLM models (bitnet) with SiLU. A hidden_activation key, where there is one, decides.
#include "model/arch.h"

namespace ternlight {
namespace {

constexpr std::string_view kNames[] = {"bitnet-b1.58", "bitnet-25", "bitnet"};

Status configure(const gguf::Metadata& metadata, Config& config) {
  config.activation = config.architecture == "bitnet" ? Activation::silu : Activation::relu2;
  config.rope_pairs = RopePairs::neox;
  config.sub_norms = true;
  config.tied_head = true;
  const std::string key = config.architecture + ".hidden_activation";
  TERNLIGHT_ASSIGN(const std::optional<std::string> activation, metadata.string(key));
  if (!activation) return ok_status();
  if (*activation == "relu2") {
    config.activation = Activation::relu2;
  } else if (*activation == "silu") {
    config.activation = Activation::silu;
  } else {
    return error(ErrorCode::unsupported_architecture,
                 "metadata key " + key + ": expected relu2 or silu, found " + *activation);
  }
  return ok_status();
}

}  // namespace

const Architecture kArchBitnet = {kNames, configure};

}  // namespace ternlight
