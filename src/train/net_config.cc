#include "train/net_config.h"

#include <string>

namespace ternlight::train {
namespace {

Status refuse(const char* field, const std::string& expected, uint32_t found) {
  return error(ErrorCode::invalid_argument,
               std::string(field) + ": expected " + expected + ", found " + std::to_string(found));
}

}  // namespace

Status check(const NetConfig& c) {
  const struct {
    const char* name;
    uint32_t value, max;
  } sizes[] = {{"layers", c.layers, 256},          {"dim", c.dim, 16384},     {"heads", c.heads, 256},
               {"kv_heads", c.kv_heads, 256},      {"ffn_dim", c.ffn_dim, 65536}, {"vocab_size", c.vocab_size, 65536},
               {"context_length", c.context_length, 65536}};
  for (const auto& size : sizes) {
    if (size.value == 0 || size.value > size.max) return refuse(size.name, "1 to " + std::to_string(size.max), size.value);
  }
  if (c.dim % (2 * c.heads) != 0) return refuse("dim", "a multiple of 2 * heads", c.dim);
  if (c.heads % c.kv_heads != 0) return refuse("heads", "a multiple of kv_heads", c.heads);
  if (c.feed_forward > FeedForwardKind::gelu || c.weights > WeightKind::binary || c.head > HeadKind::own ||
      c.sub_norms > SubNorms::before_out) {
    return error(ErrorCode::invalid_argument, "feed_forward, weights, head, sub_norms: expected known kinds, found another");
  }
  // Sums of products of int8 and ternary numbers are exact in f32 below 2^24: so are rows of at most 2^17 of them.
  return ok_status();
}

}  // namespace ternlight::train
