#include "gguf/types.h"

#include <algorithm>

namespace ternlight::gguf {
namespace {

constexpr TypeInfo kTypes[] = {
    {TypeId::f32, "F32", 1, 4, 0},        {TypeId::f16, "F16", 1, 2, 0},
    {TypeId::q4_0, "Q4_0", 32, 18, 0},    {TypeId::q4_1, "Q4_1", 32, 20, 0},
    {TypeId::q5_0, "Q5_0", 32, 22, 0},    {TypeId::q5_1, "Q5_1", 32, 24, 0},
    {TypeId::q8_0, "Q8_0", 32, 34, 0},    {TypeId::q2_k, "Q2_K", 256, 84, 0},
    {TypeId::q3_k, "Q3_K", 256, 110, 0},  {TypeId::q4_k, "Q4_K", 256, 144, 0},
    {TypeId::q5_k, "Q5_K", 256, 176, 0},  {TypeId::q6_k, "Q6_K", 256, 210, 0},
    {TypeId::i8, "I8", 1, 1, 0},          {TypeId::i16, "I16", 1, 2, 0},
    {TypeId::i32, "I32", 1, 4, 0},        {TypeId::i64, "I64", 1, 8, 0},
    {TypeId::f64, "F64", 1, 8, 0},        {TypeId::bf16, "BF16", 1, 2, 0},
    {TypeId::tq1_0, "TQ1_0", 256, 54, 0}, {TypeId::tq2_0, "TQ2_0", 256, 66, 0},
    {TypeId::i2_s, "I2_S", 128, 32, 32},  {TypeId::q1_0, "Q1_0", 128, 18, 0},
};

// Names for messages only.
struct NamedId {
  uint32_t id;
  const char* name;
};
constexpr NamedId kOtherNames[] = {
    {9, "Q8_1"},   {15, "Q8_K"},    {16, "IQ2_XXS"}, {17, "IQ2_XS"},     {18, "IQ3_XXS"},
    {19, "IQ1_S"}, {20, "IQ4_NL"},  {21, "IQ3_S"},   {22, "IQ2_S"},      {23, "IQ4_XS"},
    {29, "IQ1_M"}, {37, "I8_S"},    {38, "TL1"},     {39, "MXFP4/TL2"},  {40, "NVFP4"},
    {42, "Q2_0"},  {134, "IQ1_BN"}, {135, "IQ2_BN"}, {335, "IQ2_BN_R4"},
};

}  // namespace

std::span<const TypeInfo> types() { return kTypes; }

const TypeInfo* find_type(uint32_t id) {
  const auto* row = std::find_if(std::begin(kTypes), std::end(kTypes),
                                 [id](const TypeInfo& t) { return static_cast<uint32_t>(t.id) == id; });
  return row == std::end(kTypes) ? nullptr : row;
}

std::string type_name(uint32_t id) {
  if (const TypeInfo* type = find_type(id)) return type->name;
  for (const NamedId& other : kOtherNames) {
    if (other.id == id) return other.name;
  }
  return "type " + std::to_string(id);
}

std::optional<uint64_t> tensor_bytes(const TypeInfo& type, uint64_t k, uint64_t rows) {
  if (k % type.block_weights != 0) return std::nullopt;
  uint64_t bytes = k / type.block_weights;
  if (__builtin_mul_overflow(bytes, uint64_t{type.block_bytes}, &bytes)) return std::nullopt;
  if (__builtin_mul_overflow(bytes, rows, &bytes)) return std::nullopt;
  if (__builtin_add_overflow(bytes, uint64_t{type.tail_bytes}, &bytes)) return std::nullopt;
  return bytes;
}

}  // namespace ternlight::gguf
