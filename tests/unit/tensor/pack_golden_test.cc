// Bytes written by hand from the descriptions of the formats, against the weights they stand for.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "tensor/pack/pack.h"

namespace ternlight {
namespace {

using gguf::TypeId;

const PackFormat& format(TypeId type) { return *find_pack_format(static_cast<uint32_t>(type)); }

std::vector<float> decode(TypeId type, const std::vector<uint8_t>& bytes, size_t k) {
  std::vector<float> weights(k);
  format(type).to_f32(bytes.data(), k, weights.data());
  return weights;
}

std::vector<uint8_t> encode(TypeId type, const std::vector<float>& weights, size_t bytes) {
  std::vector<uint8_t> out(bytes, 0xEE);
  format(type).from_f32(weights.data(), weights.size(), out.data());
  return out;
}

// `rest` everywhere but where `set` says otherwise.
std::vector<float> weights(size_t k, float rest, const std::map<size_t, float>& set) {
  std::vector<float> w(k, rest);
  for (const auto& [index, value] : set) w[index] = value;
  return w;
}

TEST(PackGolden, F32F16AndBf16HoldOneAndAHalf) {
  const std::vector<float> expected = {1.5f, -2.0f};
  const std::vector<uint8_t> f32 = {0, 0, 0xC0, 0x3F, 0, 0, 0, 0xC0};
  const std::vector<uint8_t> f16 = {0x00, 0x3E, 0x00, 0xC0};
  const std::vector<uint8_t> bf16 = {0xC0, 0x3F, 0x00, 0xC0};
  EXPECT_EQ(decode(TypeId::f32, f32, 2), expected);
  EXPECT_EQ(decode(TypeId::f16, f16, 2), expected);
  EXPECT_EQ(decode(TypeId::bf16, bf16, 2), expected);
  EXPECT_EQ(encode(TypeId::f32, expected, 8), f32);
  EXPECT_EQ(encode(TypeId::f16, expected, 4), f16);
  EXPECT_EQ(encode(TypeId::bf16, expected, 4), bf16);
}

// 128 weights, all 0 but w[0] = -1 and w[33] = +1: 0x55, yet 00'01'01'01 in byte 0 and 01'10'01'01 in byte 1.
TEST(PackGolden, I2SPutsTheFirstQuarterInTheHighBits) {
  std::vector<uint8_t> bytes(32, 0x55);
  bytes[0] = 0x15;
  bytes[1] = 0x65;
  const auto expected = weights(128, 0, {{0, -1.0f}, {33, 1.0f}});
  EXPECT_EQ(decode(TypeId::i2_s, bytes, 128), expected);
  EXPECT_EQ(encode(TypeId::i2_s, expected, 32), bytes);
}

TEST(PackGolden, I2SWriterTakesSignsAndIgnoresTinyWeights) {
  const auto tiny = weights(128, 1e-7f, {{0, -3.0f}, {33, 0.25f}});
  const auto expected = weights(128, 0, {{0, -1.0f}, {33, 1.0f}});
  EXPECT_EQ(decode(TypeId::i2_s, encode(TypeId::i2_s, tiny, 32), 128), expected);
}

// w[0]: byte 0, bits 1..0. w[33]: byte 1, bits 3..2. w[255] = w[128 + 32 * 3 + 31]: byte 63, bits 7..6.
TEST(PackGolden, TQ2PutsTheFirstQuarterInTheLowBits) {
  std::vector<uint8_t> bytes(66, 0x55);
  bytes[0] = 0x54;
  bytes[1] = 0x59;
  bytes[63] = 0x95;
  bytes[64] = 0x00;
  bytes[65] = 0x38;  // 0.5
  const auto expected = weights(256, 0, {{0, -0.5f}, {33, 0.5f}, {255, 0.5f}});
  EXPECT_EQ(decode(TypeId::tq2_0, bytes, 256), expected);
  EXPECT_EQ(encode(TypeId::tq2_0, expected, 66), bytes);
}

// Five digits 1 are 121, times 256 / 243 and rounded up: 128. Four digits 1 and a 0 are 120: 127.
//   w[0] = -1:    qs[0],  digits 0 1 1 1 1 =  40 ->  43
//   w[37] = -1:   qs[5],  digits 1 0 1 1 1 =  94 -> 100
//   w[239] = +1:  qs[47], digits 1 1 1 1 2 = 122 -> 129   (160 + 16 * 4 + 15)
//   w[254] = +1:  qh[2],  digits 1 1 1 2 0 = 123 -> 130   (240 + 4 * 3 + 2)
TEST(PackGolden, TQ1HoldsFiveDigitsInAByte) {
  std::vector<uint8_t> bytes(54, 128);
  std::fill(bytes.begin() + 48, bytes.begin() + 52, uint8_t{127});
  bytes[0] = 43;
  bytes[5] = 100;
  bytes[47] = 129;
  bytes[50] = 130;
  bytes[52] = 0x00;
  bytes[53] = 0xB8;  // -0.5: the reader must not mind the sign
  const auto expected = weights(256, -0.0f, {{0, 0.5f}, {37, 0.5f}, {239, -0.5f}, {254, -0.5f}});
  EXPECT_EQ(decode(TypeId::tq1_0, bytes, 256), expected);

  bytes[53] = 0x38;
  const auto positive = weights(256, 0, {{0, -0.5f}, {37, -0.5f}, {239, 0.5f}, {254, 0.5f}});
  EXPECT_EQ(encode(TypeId::tq1_0, positive, 54), bytes);
}

TEST(PackGolden, Q8ScalesSignedBytes) {
  std::vector<uint8_t> bytes(34, 0);
  bytes[1] = 0x38;  // 0.5
  bytes[2] = 127;
  bytes[3] = 0x80;
  bytes[33] = 0xFF;
  EXPECT_EQ(decode(TypeId::q8_0, bytes, 32), weights(32, 0, {{0, 63.5f}, {1, -64.0f}, {31, -0.5f}}));
  // 127 * 0.5 is the largest magnitude, so that the scale is 0.5 again; 0.25 is half a step and goes away from zero
  const auto out =
      encode(TypeId::q8_0, weights(32, 0, {{0, 63.5f}, {1, -0.25f}, {2, 0.25f}, {31, -0.5f}}), 34);
  EXPECT_EQ(out[0], 0x00);
  EXPECT_EQ(out[1], 0x38);
  EXPECT_EQ(out[2], 127);
  EXPECT_EQ(out[3], 0xFF);
  EXPECT_EQ(out[4], 1);
  EXPECT_EQ(out[33], 0xFF);
}

TEST(PackGolden, Q4PutsTheSecondHalfInHighNibbles) {
  std::vector<uint8_t> bytes(18, 0x88);
  bytes[0] = 0x00;
  bytes[1] = 0x38;  // 0.5
  bytes[2] = 0xF0;
  bytes[17] = 0x79;
  const auto expected = weights(32, 0, {{0, -4.0f}, {16, 3.5f}, {15, 0.5f}, {31, -0.5f}});
  EXPECT_EQ(decode(TypeId::q4_0, bytes, 32), expected);
  EXPECT_EQ(encode(TypeId::q4_0, expected, 18), bytes);
}

TEST(PackGolden, Q6KJoinsNibblesAndUpperBits) {
  std::vector<uint8_t> bytes(210, 0);
  bytes[0] = 0xA5;               // ql[0]: low bits of w[0] and w[64]
  bytes[128] = 0b11'10'01'00;    // qh[0]: upper bits of w[0], w[32], w[64], w[96]
  bytes[64 + 33] = 0x3C;         // ql of the second half: w[128+33], w[128+97]
  bytes[128 + 32 + 1] = 0b1100;  // qh of the second half: w[128+33]
  for (size_t i = 0; i < 16; ++i) bytes[192 + i] = 1;
  bytes[192] = 2;
  bytes[192 + 1] = 5;
  bytes[192 + 10] = static_cast<uint8_t>(-3);
  bytes[209] = 0x34;  // d = 0.25
  const auto w = decode(TypeId::q6_k, bytes, 256);
  EXPECT_EQ(w[0], 0.25f * 2 * (5 - 32));
  EXPECT_EQ(w[1], 0.25f * 2 * -32);
  EXPECT_EQ(w[17], 0.25f * 5 * -32);
  EXPECT_EQ(w[32], 0.25f * 1 * (16 - 32));
  EXPECT_EQ(w[64], 0.25f * 1 * (10 + 32 - 32));
  EXPECT_EQ(w[96], 0.25f * 1 * (48 - 32));
  EXPECT_EQ(w[161], 0.25f * -3 * (12 + 48 - 32));
  EXPECT_EQ(w[225], 0.25f * 1 * (3 - 32));
}

// Pair 0 (scale 3, min 5) lies whole in bytes 0 and 4; pair 5 (scale 53 = 11'0101, min 39 = 10'0111) has its low four
// bits in byte 9 and its upper two at the top of bytes 1 and 5.
TEST(PackGolden, Q4KFindsItsSixBitScales) {
  std::vector<uint8_t> bytes(144, 0);
  bytes[1] = 0x38;  // d = 0.5
  bytes[3] = 0x34;  // dmin = 0.25
  bytes[4 + 0] = 3;
  bytes[4 + 4] = 5;
  bytes[4 + 9] = 0x75;
  bytes[4 + 1] = 0xC0;
  bytes[4 + 5] = 0x80;
  bytes[16] = 0x9F;           // w[0] and, with scale 0, w[32]
  bytes[16 + 64 + 7] = 0xB0;  // w[160 + 7]
  const auto w = decode(TypeId::q4_k, bytes, 256);
  EXPECT_EQ(w[0], 0.5f * 3 * 15 - 0.25f * 5);
  EXPECT_EQ(w[1], -0.25f * 5);
  EXPECT_EQ(w[32], 0.0f);
  EXPECT_EQ(w[167], 0.5f * 53 * 11 - 0.25f * 39);
  EXPECT_EQ(w[160], -0.25f * 39);
  EXPECT_EQ(w[255], 0.0f);
}

}  // namespace
}  // namespace ternlight
