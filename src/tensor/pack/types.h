// The functions of each file type, as formats.cc puts them into its table; see PackFormat for what each must do.
// One file per type. All take whole rows: k is a multiple of the type's block. Files are little-endian, as are we.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/status.h"

namespace ternlight::pack {

void f32_to_f32(const uint8_t* src, size_t k, float* dst);
void f32_from_f32(const float* src, size_t k, uint8_t* dst);

void f16_to_f32(const uint8_t* src, size_t k, float* dst);
void f16_from_f32(const float* src, size_t k, uint8_t* dst);

void bf16_to_f32(const uint8_t* src, size_t k, float* dst);
void bf16_from_f32(const float* src, size_t k, uint8_t* dst);

Status q8_0_check(const uint8_t* src, size_t k);
void q8_0_to_f32(const uint8_t* src, size_t k, float* dst);
void q8_0_from_f32(const float* src, size_t k, uint8_t* dst);

Status q4_0_check(const uint8_t* src, size_t k);
void q4_0_to_f32(const uint8_t* src, size_t k, float* dst);
void q4_0_from_f32(const float* src, size_t k, uint8_t* dst);

Status q4_k_check(const uint8_t* src, size_t k);
void q4_k_to_f32(const uint8_t* src, size_t k, float* dst);
void q4_k_from_f32(const float* src, size_t k, uint8_t* dst);

Status q6_k_check(const uint8_t* src, size_t k);
void q6_k_unpack(const uint8_t* src, size_t k, uint8_t* row, float* scales);
void q6_k_to_f32(const uint8_t* src, size_t k, float* dst);
void q6_k_from_f32(const float* src, size_t k, uint8_t* dst);

Status i2_s_check(const uint8_t* src, size_t k);
void i2_s_to_f32(const uint8_t* src, size_t k, float* dst);
void i2_s_from_f32(const float* src, size_t k, uint8_t* dst);

Status tq1_0_check(const uint8_t* src, size_t k);
void tq1_0_unpack(const uint8_t* src, size_t k, uint8_t* row, float* scales);
void tq1_0_to_f32(const uint8_t* src, size_t k, float* dst);
void tq1_0_from_f32(const float* src, size_t k, uint8_t* dst);

Status tq2_0_check(const uint8_t* src, size_t k);
void tq2_0_unpack(const uint8_t* src, size_t k, uint8_t* row, float* scales);
void tq2_0_to_f32(const uint8_t* src, size_t k, float* dst);
void tq2_0_from_f32(const float* src, size_t k, uint8_t* dst);

}  // namespace ternlight::pack
