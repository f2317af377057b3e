#include "base/json.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace ternlight {
namespace {

// Bytes of the UTF-8 character at the front of `text`, or 0 when it is broken (RFC 3629).
size_t utf8_length(std::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<uint8_t>(text[i]) : uint8_t{0}; };
  const auto tail = [&](size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const uint8_t b = byte(0), b1 = byte(1);
  if (b < 0x80) return 1;
  if (b >= 0xC2 && b <= 0xDF) return tail(1) ? 2 : 0;
  if (b >= 0xE0 && b <= 0xEF) {
    const bool overlong = b == 0xE0 && b1 < 0xA0, surrogate = b == 0xED && b1 > 0x9F;
    return tail(1) && tail(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (b >= 0xF0 && b <= 0xF4) {
    const bool overlong = b == 0xF0 && b1 < 0x90, too_high = b == 0xF4 && b1 > 0x8F;
    return tail(1) && tail(2) && tail(3) && !overlong && !too_high ? 4 : 0;
  }
  return 0;
}

}  // namespace

void JsonWriter::separate() {
  if (!first_) out_ += ',';
  first_ = false;
}

JsonWriter& JsonWriter::open(char bracket) {
  separate();
  out_ += bracket;
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  out_ += bracket;
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::raw(std::string_view json) {
  separate();
  out_ += json;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  value(name);
  out_ += ':';
  first_ = true;  // no comma before the key's value
  return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
  separate();
  out_ += '"';
  while (!text.empty()) {
    const char c = text[0];
    const size_t n = utf8_length(text);
    if (n == 0) {
      out_ += "\\ufffd";
    } else if (c == '"' || c == '\\') {
      out_ += '\\';
      out_ += c;
    } else if (c >= 0 && c < 0x20) {
      char escape[8];
      snprintf(escape, sizeof(escape), "\\u%04x", static_cast<unsigned>(c));
      out_ += escape;
    } else {
      out_ += text.substr(0, n);
    }
    text.remove_prefix(n == 0 ? 1 : n);
  }
  out_ += '"';
  return *this;
}

JsonWriter& JsonWriter::value(double number) {
  if (!std::isfinite(number)) return null();
  char text[32];
  for (int digits = 15; digits <= 17; digits++) {
    snprintf(text, sizeof(text), "%.*g", digits, number);
    if (strtod(text, nullptr) == number) break;
  }
  return raw(text);
}

JsonWriter& JsonWriter::value(float number) {
  if (!std::isfinite(number)) return null();
  char text[32];
  for (int digits = 6; digits <= 9; digits++) {
    snprintf(text, sizeof(text), "%.*g", digits, static_cast<double>(number));
    if (strtof(text, nullptr) == number) break;
  }
  return raw(text);
}

}  // namespace ternlight
