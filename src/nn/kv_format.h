// KvFormat: how cached keys and values are stored.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ternlight {

enum class KvFormat : uint8_t { f16, f32 };

constexpr size_t kv_value_bytes(KvFormat format) { return format == KvFormat::f16 ? 2 : 4; }

}  // namespace ternlight
