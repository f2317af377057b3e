#include "engine/count_zeros.h"

#include <vector>

#include "engine/impl.h"
#include "model/activations.h"
#include "model/kv_cache.h"

namespace ternlight {
namespace {

constexpr char kText[] = "Once upon a time there was a small fox by the river";

// Enough that the shares of zeros come close to those of long texts (the first storyteller: 90 % against 88 % of zeros), and few enough
// that a load hardly takes longer.
constexpr size_t kTokens = 8;

}  // namespace

Result<ZeroCounts> count_zeros(Engine& engine, const Model& model) {
  const Config& config = model.impl().config();
  const Tokenizer& tokenizer = model.tokenizer();
  std::vector<Token> tokens = tokenizer.encode(kText, {.add_bos = tokenizer.adds_bos(), .parse_special = false});
  // The vocabulary may lack these letters, and it may be larger than the embedding.
  std::erase_if(tokens, [&](Token token) { return token < 0 || static_cast<uint32_t>(token) >= config.vocab_size; });
  if (tokens.empty()) tokens.push_back(0);
  if (tokens.size() > kTokens) tokens.resize(kTokens);

  ZeroCounts counts;
  counts.start(config);
  TERNLIGHT_ASSIGN(KvCache cache, KvCache::create(config, tokens.size(), KvFormat::f16));
  TERNLIGHT_ASSIGN(Activations activations, Activations::create(config, tokens.size(), tokens.size(), engine.threads()));
  activations.zeros = &counts;
  forward(engine.impl().compute, model.impl().transformer(), tokens, cache, activations);  // no logits: they are not looked at
  return counts;
}

}  // namespace ternlight
