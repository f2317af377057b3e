// ggml tensor types: ids, names, block sizes. Ids are GGUF's; those that Microsoft's fork reuses carry its meaning
// where upstream has removed its own (36, 38).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace ternlight::gguf {

enum class TypeId : uint32_t {
  f32 = 0, f16 = 1, q4_0 = 2, q4_1 = 3, q5_0 = 6, q5_1 = 7, q8_0 = 8,
  q2_k = 10, q3_k = 11, q4_k = 12, q5_k = 13, q6_k = 14,
  i8 = 24, i16 = 25, i32 = 26, i64 = 27, f64 = 28, bf16 = 30,
  tq1_0 = 34, tq2_0 = 35, i2_s = 36, tl1 = 38, tl2 = 39, q1_0 = 41, q2_0 = 42,
};

// A row of the table of types whose size is known. Not in it: types without a fixed block size (TL1, TL2) and ids that
// two forks use with different sizes (39: MXFP4 or TL2; 42: Q2_0 in blocks of 64 or 128).
struct TypeInfo {
  TypeId id;
  const char* name;        // as llama.cpp prints it: "Q6_K"
  uint32_t block_weights;  // weights per block
  uint32_t block_bytes;    // bytes per block
  uint32_t tail_bytes;     // after the last block of the tensor (I2_S: its scale, 32)
};

// All known types.
std::span<const TypeInfo> types();
// The row of an id, or nullptr.
const TypeInfo* find_type(uint32_t id);
// The type's name as llama.cpp (or the fork that owns the id) prints it, with both where an id has two owners; "type 57"
// for an id nobody uses. Knows more types than the table: a message should name what it refuses.
std::string type_name(uint32_t id);

// Bytes of a tensor of `rows` rows of `k` weights; nothing when k is no multiple of the block or the size overflows.
std::optional<uint64_t> tensor_bytes(const TypeInfo& type, uint64_t k, uint64_t rows);

}  // namespace ternlight::gguf
