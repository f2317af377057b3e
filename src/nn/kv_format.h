// KvFormat: how cached keys and values are stored.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ternlight {

// int8: one step (f32) for each key and each value vector, a number is code * step.
enum class KvFormat : uint8_t { f16, f32, int8 };

constexpr size_t kv_value_bytes(KvFormat format) {
  return format == KvFormat::f32 ? 4 : format == KvFormat::f16 ? 2 : 1;
}

// Beside the numbers of one vector.
constexpr size_t kv_step_bytes(KvFormat format) { return format == KvFormat::int8 ? sizeof(float) : 0; }

}  // namespace ternlight
