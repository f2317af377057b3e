// HeaderBytes: puts a GGUF header together field by field, so that tests can write files no writer would.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace ternlight::gguf::testing {

class HeaderBytes {
 public:
  HeaderBytes& raw(std::string_view bytes) {
    bytes_ += bytes;
    return *this;
  }
  HeaderBytes& u8(uint32_t x) { return little_endian(x, 1); }
  HeaderBytes& u32(uint32_t x) { return little_endian(x, 4); }
  HeaderBytes& u64(uint64_t x) { return little_endian(x, 8); }
  HeaderBytes& f32(float x) {
    uint32_t bits;
    std::memcpy(&bits, &x, sizeof bits);
    return u32(bits);
  }
  HeaderBytes& text(std::string_view text) { return u64(text.size()).raw(text); }
  // Magic, version and counts.
  HeaderBytes& start(uint64_t tensors, uint64_t keys, uint32_t version = 3) {
    return raw("GGUF").u32(version).u64(tensors).u64(keys);
  }
  HeaderBytes& key(std::string_view name, uint32_t value_type) { return text(name).u32(value_type); }
  HeaderBytes& array(std::string_view name, uint32_t element_type, uint64_t count) {
    return key(name, 9).u32(element_type).u64(count);
  }
  HeaderBytes& tensor_2d(std::string_view name, uint64_t k, uint64_t rows, uint32_t type, uint64_t offset) {
    return text(name).u32(2).u64(k).u64(rows).u32(type).u64(offset);
  }
  HeaderBytes& pad(size_t alignment = 32) {
    bytes_.append((alignment - bytes_.size() % alignment) % alignment, '\0');
    return *this;
  }
  // Tensor data: what it holds is of no interest here.
  HeaderBytes& data(size_t bytes) {
    bytes_.append(bytes, '\x55');
    return *this;
  }
  const std::string& str() const { return bytes_; }

 private:
  HeaderBytes& little_endian(uint64_t x, int bytes) {
    for (int i = 0; i < bytes; ++i) bytes_ += static_cast<char>((x >> (8 * i)) & 0xFF);
    return *this;
  }
  std::string bytes_;
};

// A file with a value of every kind and three tensors: 64 F32, 256x2 I2_S (160 bytes), 4 F32.
inline std::string valid_file(uint32_t version = 3) {
  HeaderBytes b;
  b.start(3, 17, version);
  b.key("general.architecture", 8).text("bitnet-b1.58");
  b.key("a.u8", 0).u8(200);
  b.key("a.i8", 1).u8(0xFE);
  b.key("a.u16", 2).raw("\x34\x12");
  b.key("a.i16", 3).raw("\xFE\xFF");
  b.key("a.u32", 4).u32(0xFFFFFFFFu);
  b.key("a.i32", 5).u32(0xFFFFFFFEu);
  b.key("a.f32", 6).f32(0.5f);
  b.key("a.bool", 7).u8(1);
  b.key("a.u64", 10).u64(uint64_t{1} << 40);
  b.key("a.i64", 11).u64(static_cast<uint64_t>(-5));
  b.key("a.f64", 12).u64(0x3FF8000000000000u);  // 1.5
  b.array("a.strings", 8, 3).text("one").text("").text("three");
  b.array("a.i32s", 5, 2).u32(1).u32(0xFFFFFFFFu);
  b.array("a.f32s", 6, 2).f32(1.0f).f32(-2.0f);
  b.array("a.none", 8, 0);
  b.key("a.empty", 8).text("");
  b.text("vector").u32(1).u64(64).u32(0).u64(0);
  b.tensor_2d("matrix", 256, 2, 36, 256);
  b.text("last").u32(1).u64(4).u32(0).u64(416);
  b.pad().data(416 + 16);
  return b.str();
}

}  // namespace ternlight::gguf::testing
