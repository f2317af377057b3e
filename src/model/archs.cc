#include <string>

#include "model/arch.h"

namespace ternlight {
namespace {

const Architecture* const kArchitectures[] = {&kArchBitnet, &kArchLlama};

// Bounds that no real model passes: they keep sizes far from overflow and hostile headers from costing memory.
constexpr uint32_t kMaxLayers = 1024;       // largest published: 126 (Llama 3.1 405B)
constexpr uint32_t kMaxWidth = 1u << 20;    // largest published FFN: 53,248
constexpr uint32_t kMaxContext = 1u << 24;  // largest published: 10 M tokens

Result<uint32_t> required(const gguf::Metadata& metadata, const std::string& key, uint32_t max) {
  TERNLIGHT_ASSIGN(const std::optional<uint32_t> value, metadata.u32(key));
  if (!value) return error(ErrorCode::missing_metadata, "metadata key " + key + " is missing");
  if (*value == 0 || *value > max) {
    return error(ErrorCode::bad_metadata, "metadata key " + key + ": expected 1 to " + std::to_string(max) + ", found " +
                                              std::to_string(*value));
  }
  return *value;
}

Result<uint32_t> optional(const gguf::Metadata& metadata, const std::string& key, uint32_t fallback, uint32_t max) {
  TERNLIGHT_ASSIGN(const std::optional<uint32_t> value, metadata.u32(key));
  if (!value) return fallback;
  if (*value == 0 || *value > max) {
    return error(ErrorCode::bad_metadata, "metadata key " + key + ": expected 1 to " + std::to_string(max) + ", found " +
                                              std::to_string(*value));
  }
  return *value;
}

Status positive(const gguf::Metadata& metadata, const std::string& key, float& target) {
  TERNLIGHT_ASSIGN(const std::optional<float> value, metadata.f32(key));
  if (!value) return ok_status();
  if (!(*value > 0.0f && *value < 1e30f)) {
    return error(ErrorCode::bad_metadata, "metadata key " + key + ": expected a positive number, found " + std::to_string(*value));
  }
  target = *value;
  return ok_status();
}

Status read_rope(const gguf::Metadata& metadata, const std::string& prefix, Config& config) {
  TERNLIGHT_TRY(positive(metadata, prefix + "rope.freq_base", config.rope_base));
  TERNLIGHT_ASSIGN(config.rope_dim, optional(metadata, prefix + "rope.dimension_count", config.head_dim, config.head_dim));
  if (config.rope_dim % 2 != 0) {
    return error(ErrorCode::bad_metadata, "metadata key " + prefix + "rope.dimension_count: expected an even number, found " +
                                              std::to_string(config.rope_dim));
  }
  TERNLIGHT_ASSIGN(const std::optional<std::string> scaling, metadata.string(prefix + "rope.scaling.type"));
  if (!scaling || *scaling == "none") return ok_status();
  if (*scaling != "linear") {
    return error(ErrorCode::unsupported_architecture,
                 "metadata key " + prefix + "rope.scaling.type: expected none or linear, found " + *scaling);
  }
  return positive(metadata, prefix + "rope.scaling.factor", config.rope_factor);
}

Status read_common(const gguf::Header& header, Config& config) {
  const gguf::Metadata& m = header.metadata;
  const std::string prefix = config.architecture + ".";
  TERNLIGHT_ASSIGN(config.layers, required(m, prefix + "block_count", kMaxLayers));
  TERNLIGHT_ASSIGN(config.dim, required(m, prefix + "embedding_length", kMaxWidth));
  TERNLIGHT_ASSIGN(config.ffn_dim, required(m, prefix + "feed_forward_length", kMaxWidth));
  TERNLIGHT_ASSIGN(config.heads, required(m, prefix + "attention.head_count", kMaxWidth));
  TERNLIGHT_ASSIGN(config.kv_heads, optional(m, prefix + "attention.head_count_kv", config.heads, config.heads));
  TERNLIGHT_ASSIGN(config.context_length, required(m, prefix + "context_length", kMaxContext));
  if (config.heads % config.kv_heads != 0) {
    return error(ErrorCode::bad_metadata, "metadata key " + prefix + "attention.head_count_kv: expected a divisor of " +
                                              std::to_string(config.heads) + " heads, found " + std::to_string(config.kv_heads));
  }
  if (m.find(prefix + "attention.key_length") == nullptr && config.dim % config.heads != 0) {
    return error(ErrorCode::bad_metadata, "metadata key " + prefix + "attention.head_count: expected a divisor of " +
                                              std::to_string(config.dim) + ", found " + std::to_string(config.heads));
  }
  TERNLIGHT_ASSIGN(config.head_dim, optional(m, prefix + "attention.key_length", config.dim / config.heads, kMaxWidth));
  TERNLIGHT_ASSIGN(const uint32_t value_dim, optional(m, prefix + "attention.value_length", config.head_dim, kMaxWidth));
  if (value_dim != config.head_dim || uint64_t{config.heads} * config.head_dim > kMaxWidth) {
    return error(ErrorCode::unsupported_architecture,
                 "metadata key " + prefix + "attention.value_length: expected the key length " +
                     std::to_string(config.head_dim) + " of at most " + std::to_string(kMaxWidth / config.heads) +
                     ", found " + std::to_string(value_dim));
  }
  TERNLIGHT_TRY(positive(m, prefix + "attention.layer_norm_rms_epsilon", config.norm_eps));
  return read_rope(m, prefix, config);
}

const Architecture* find_architecture(std::string_view name) {
  for (const Architecture* arch : kArchitectures) {
    for (const std::string_view known : arch->names) {
      if (known == name) return arch;
    }
  }
  return nullptr;
}

}  // namespace

Result<Config> read_config(const gguf::Header& header) {
  Config config;
  TERNLIGHT_ASSIGN(std::optional<std::string> name, header.metadata.string("general.architecture"));
  if (!name) return error(ErrorCode::missing_metadata, "metadata key general.architecture is missing");
  const Architecture* arch = find_architecture(*name);
  if (arch == nullptr) {
    std::string known;
    for (const Architecture* a : kArchitectures) {
      for (const std::string_view n : a->names) known.append(known.empty() ? "" : ", ").append(n);
    }
    return error(ErrorCode::unsupported_architecture, "general.architecture: expected one of " + known + ", found " + *name);
  }
  config.architecture = std::move(*name);
  TERNLIGHT_ASSIGN(const std::optional<std::string> title, header.metadata.string("general.name"));
  config.name = title.value_or("");
  TERNLIGHT_TRY(read_common(header, config));
  TERNLIGHT_TRY(arch->configure(header.metadata, config));
  return config;
}

}  // namespace ternlight
