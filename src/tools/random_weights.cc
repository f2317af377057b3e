#include "tools/random_weights.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "kernels/half.h"

namespace ternlight {
namespace {

// 16 random bits to a byte of four I2_S codes. Four bits make a code: 6 of 16 values are zero, 5 each are -1 and +1.
const std::vector<uint8_t>& code_bytes() {
  static const std::vector<uint8_t> table = [] {
    std::vector<uint8_t> bytes(65536);
    for (uint32_t bits = 0; bits < bytes.size(); ++bits) {
      uint32_t byte = 0;
      for (int shift = 0; shift < 16; shift += 4) {
        const uint32_t draw = (bits >> shift) & 15;
        byte = (byte << 2) | (draw < 5 ? 0u : draw < 11 ? 1u : 2u);
      }
      bytes[bits] = static_cast<uint8_t>(byte);
    }
    return bytes;
  }();
  return table;
}

constexpr double kNonZero = 10.0 / 16.0;

uint64_t hash_of(std::string_view text) {  // FNV-1a
  uint64_t hash = 0xCBF29CE484222325u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  return hash;
}

}  // namespace

Rng rng_of(uint64_t seed, std::string_view name) { return Rng(seed * 0x9E3779B97F4A7C15u + hash_of(name)); }

float about_normal(Rng& rng, float deviation) {
  // The sum of four uniform numbers of 16 bits has mean 2 * 65535 and deviation 65536 / sqrt(3), nearly.
  const float factor = deviation * (1.7320508f / 65536.0f);
  const uint32_t a = rng.next_u32(), b = rng.next_u32();
  const uint32_t sum = (a & 0xFFFF) + (a >> 16) + (b & 0xFFFF) + (b >> 16);
  return factor * static_cast<float>(static_cast<int32_t>(sum) - 131070);
}

RandomRows::RandomRows(uint64_t seed, std::string_view tensor_name) : rng_(rng_of(seed, tensor_name)) {}

void RandomRows::ternary_row(const PackFormat& format, size_t k, float scale, std::span<const float> lead, uint8_t* dst) {
  const bool direct = format.layout == Layout::ternary;
  codes_.resize(k / 4);
  uint8_t* codes = direct ? dst : codes_.data();
  const std::vector<uint8_t>& table = code_bytes();
  for (size_t i = 0; i < k / 4; i += 2) {  // k is a multiple of 128
    const uint32_t bits = rng_.next_u32();
    codes[i] = table[bits & 0xFFFF];
    codes[i + 1] = table[bits >> 16];
  }
  for (size_t i = 0; i < lead.size(); ++i) {
    uint8_t& byte = codes[i / 128 * 32 + i % 32];
    const size_t shift = 6 - i % 128 / 32 * 2;
    const auto code = static_cast<uint32_t>(1 + static_cast<int>(lead[i]));
    byte = static_cast<uint8_t>((byte & ~(3u << shift)) | (code << shift));
  }
  if (direct) return;
  floats_.resize(k);
  find_pack_format(static_cast<uint32_t>(gguf::TypeId::i2_s))->to_f32(codes, k, floats_.data());
  for (float& x : floats_) x *= scale;
  format.from_f32(floats_.data(), k, dst);
}

void RandomRows::normal_row(const PackFormat& format, size_t k, float mean, float deviation, std::span<const float> lead,
                            uint8_t* dst) {
  floats_.resize(k);
  for (float& x : floats_) x = mean + about_normal(rng_, deviation);
  std::copy(lead.begin(), lead.end(), floats_.begin());
  format.from_f32(floats_.data(), k, dst);
}

float ternary_scale(size_t k) {
  const double scale = 1.0 / std::sqrt(static_cast<double>(k) * kNonZero);
  return half_to_float(float_to_half(static_cast<float>(scale)));
}

}  // namespace ternlight
