#include "text/utf8.h"

#include "base/check.h"

namespace ternlight {
namespace {

constexpr uint32_t kReplacement = 0xFFFD;

// What the bytes at the start of a text are, by the table of well-formed sequences (Unicode 17, table 3-7). `bytes` is
// the length of the character, of the incomplete prefix, or of the maximal subpart that one U+FFFD replaces.
struct Prefix {
  enum class Kind : uint8_t { character, incomplete, broken };
  Kind kind;
  uint32_t value;
  uint32_t bytes;
};

Prefix classify(std::string_view text) {
  using enum Prefix::Kind;
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return {character, lead, 1};
  if (lead < 0xC2 || lead > 0xF4) return {broken, kReplacement, 1};
  const uint32_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  // The second byte's range excludes overlong forms, surrogates and code points above U+10FFFF.
  uint8_t low = 0x80;
  uint8_t high = 0xBF;
  if (lead == 0xE0) low = 0xA0;
  if (lead == 0xED) high = 0x9F;
  if (lead == 0xF0) low = 0x90;
  if (lead == 0xF4) high = 0x8F;
  uint32_t value = lead & (0x7Fu >> length);
  for (uint32_t i = 1; i < length; ++i) {
    if (i == text.size()) return {incomplete, kReplacement, i};
    if (byte(i) < low || byte(i) > high) return {broken, kReplacement, i};
    value = value << 6 | (byte(i) & 0x3Fu);
    low = 0x80;
    high = 0xBF;
  }
  return {character, value, length};
}

}  // namespace

CodePoint decode_utf8(std::string_view text) {
  TERNLIGHT_DCHECK(!text.empty());
  const Prefix prefix = classify(text);
  if (prefix.kind != Prefix::Kind::character) return {kReplacement, 1, false};
  return {prefix.value, prefix.bytes, true};
}

void append_utf8(std::string& out, uint32_t code_point) {
  const auto push = [&](uint32_t byte) { out.push_back(static_cast<char>(static_cast<uint8_t>(byte))); };
  if (code_point < 0x80) {
    push(code_point);
  } else if (code_point < 0x800) {
    push(0xC0 | code_point >> 6);
    push(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    push(0xE0 | code_point >> 12);
    push(0x80 | (code_point >> 6 & 0x3F));
    push(0x80 | (code_point & 0x3F));
  } else {
    push(0xF0 | code_point >> 18);
    push(0x80 | (code_point >> 12 & 0x3F));
    push(0x80 | (code_point >> 6 & 0x3F));
    push(0x80 | (code_point & 0x3F));
  }
}

std::string Utf8Stream::push(std::string_view bytes) {
  pending_.append(bytes);
  std::string out;
  std::string_view rest = pending_;
  while (!rest.empty()) {
    const Prefix prefix = classify(rest);
    if (prefix.kind == Prefix::Kind::incomplete) break;
    if (prefix.kind == Prefix::Kind::character) {
      out.append(rest.substr(0, prefix.bytes));
    } else {
      append_utf8(out, kReplacement);
    }
    rest.remove_prefix(prefix.bytes);
  }
  pending_.erase(0, pending_.size() - rest.size());
  return out;
}

std::string Utf8Stream::finish() {
  std::string out;
  // What is pending is the beginning of one character: one maximal subpart.
  if (!pending_.empty()) append_utf8(out, kReplacement);
  pending_.clear();
  return out;
}

}  // namespace ternlight
