#include "text/utf8.h"

namespace ternlight {
namespace {

// How far the bytes at the front of `text` are the beginning of one UTF-8 character (RFC 3629): `need` is its length (0
// when the first byte cannot start one), `have` how many of its bytes are here and fit.
struct Prefix {
  uint32_t need;
  uint32_t have;
};

Prefix prefix(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t b = byte(0);
  if (b < 0x80) return {1, 1};
  uint32_t need = 0;
  uint8_t low = 0x80, high = 0xBF;  // of the second byte: no overlong forms, no surrogates, nothing above U+10FFFF
  if (b >= 0xC2 && b <= 0xDF) {
    need = 2;
  } else if (b >= 0xE0 && b <= 0xEF) {
    need = 3;
    if (b == 0xE0) low = 0xA0;
    if (b == 0xED) high = 0x9F;
  } else if (b >= 0xF0 && b <= 0xF4) {
    need = 4;
    if (b == 0xF0) low = 0x90;
    if (b == 0xF4) high = 0x8F;
  } else {
    return {0, 0};
  }
  uint32_t have = 1;
  while (have < need && have < text.size() && byte(have) >= low && byte(have) <= high) {
    have++;
    low = 0x80;
    high = 0xBF;
  }
  return {need, have};
}

}  // namespace

CodePoint decode_utf8(std::string_view text) {
  const Prefix p = prefix(text);
  if (p.need == 0 || p.have < p.need) return {0xFFFD, 1, false};
  const auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<uint8_t>(text[i])); };
  uint32_t value = byte(0);
  if (p.need > 1) value &= 0x7Fu >> p.need;
  for (uint32_t i = 1; i < p.need; i++) value = value << 6 | (byte(i) & 0x3F);
  return {value, p.need, true};
}

void append_utf8(std::string& out, uint32_t c) {
  const auto put = [&](uint32_t byte) { out += static_cast<char>(byte); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | c >> 6);
    put(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    put(0xE0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3F));
    put(0x80 | (c & 0x3F));
  } else {
    put(0xF0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3F));
    put(0x80 | (c >> 6 & 0x3F));
    put(0x80 | (c & 0x3F));
  }
}

std::string Utf8Stream::push(std::string_view bytes) {
  pending_ += bytes;
  std::string out;
  std::string_view rest = pending_;
  while (!rest.empty()) {
    const Prefix p = prefix(rest);
    if (p.need > 0 && p.have < p.need && p.have == rest.size()) break;  // may still become a character
    if (p.need > 0 && p.have == p.need) {
      out += rest.substr(0, p.need);
      rest.remove_prefix(p.need);
    } else {
      append_utf8(out, 0xFFFD);
      rest.remove_prefix(p.have == 0 ? 1 : p.have);
    }
  }
  pending_ = std::string(rest);
  return out;
}

std::string Utf8Stream::finish() {
  std::string out;
  if (!pending_.empty()) append_utf8(out, 0xFFFD);
  pending_.clear();
  return out;
}

}  // namespace ternlight
