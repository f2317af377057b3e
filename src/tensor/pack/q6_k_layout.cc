// Layout::q6_k: the blocks of Q6_K with the codes moved, as kernels/layouts.h has them. The weights are the
// file's, bit for bit.
#include "tensor/pack/q6_k_layout.h"

#include "kernels/block-inl.h"
#include "tensor/pack/types.h"

namespace ternlight::pack {
namespace {

constexpr size_t kWeights = 256, kHigh = 128;

// The codes of half a block of the file, 128 weights, in order.
void decode_half(const uint8_t* low, const uint8_t* high, uint8_t* codes) {
  for (size_t l = 0; l < 32; ++l) {
    codes[l] = static_cast<uint8_t>((low[l] & 15) | (high[l] & 0x03) << 4);
    codes[l + 32] = static_cast<uint8_t>((low[l + 32] & 15) | (high[l] & 0x0C) << 2);
    codes[l + 64] = static_cast<uint8_t>(low[l] >> 4 | (high[l] & 0x30));
    codes[l + 96] = static_cast<uint8_t>(low[l + 32] >> 4 | (high[l] & 0xC0) >> 2);
  }
}

// The 64 codes of a group to its 48 bytes.
void encode_group(const uint8_t* codes, uint8_t* dst) {
  uint8_t lanes[8][8];  // by place among the pairs of a sub-block: the codes of eight lanes
  for (size_t pair = 0; pair < 8; ++pair) {
    for (size_t j = 0; j < 4; ++j) std::memcpy(&lanes[pair][2 * j], codes + 16 * j + 2 * pair, 2);
  }
  uint16_t words[3][8];
  for (size_t l = 0; l < 8; ++l) {
    const uint32_t a = lanes[6][l], b = lanes[7][l];
    words[0][l] = static_cast<uint16_t>(lanes[0][l] | uint32_t{lanes[3][l]} << 6 | (a & 15) << 12);
    words[1][l] = static_cast<uint16_t>(lanes[1][l] | uint32_t{lanes[4][l]} << 6 | (b & 15) << 12);
    words[2][l] = static_cast<uint16_t>(lanes[2][l] | uint32_t{lanes[5][l]} << 6 | (a >> 4) << 12 | (b >> 4) << 14);
  }
  std::memcpy(dst, words, sizeof words);
}

}  // namespace

void q6_k_unpack(const uint8_t* src, size_t k, uint8_t* row, float*) {
  for (; k > 0; k -= kWeights, src += kQ6KBytes, row += kQ6KBytes) {
    uint8_t codes[kWeights];
    decode_half(src, src + kHigh, codes);
    decode_half(src + 64, src + kHigh + 32, codes + 128);
    for (size_t g = 0; g < 4; ++g) encode_group(codes + 64 * g, row + kQ6KGroup * g);
    std::memcpy(row + kQ6KScales, src + kQ6KScales, kQ6KBytes - kQ6KScales);
  }
}

void q6_k_row_from_f32(const Kernels& kernels, const float* src, size_t k, uint8_t* row) {
  uint8_t codes[kWeights];
  for (; k > 0; k -= kWeights, src += kWeights, row += kQ6KBytes) {
    const uint16_t d = kernels.q6_k_encode(src, codes, reinterpret_cast<int8_t*>(row + kQ6KScales));
    std::memcpy(row + kQ6KScale, &d, sizeof d);
    for (size_t g = 0; g < 4; ++g) encode_group(codes + 64 * g, row + kQ6KGroup * g);
  }
}

void q6_k_row_to_f32(const uint8_t* row, size_t k, float* dst) {
  for (; k > 0; k -= kWeights, row += kQ6KBytes, dst += kWeights) {
    const float d = ternlight::load_half(row + kQ6KScale);
    for (size_t i = 0; i < kWeights; ++i) {
      const auto scale = static_cast<int8_t>(row[kQ6KScales + i / 16]);
      dst[i] = d * static_cast<float>(scale) * static_cast<float>(q6_k_code(row, i) - 32);
    }
  }
}

}  // namespace ternlight::pack
