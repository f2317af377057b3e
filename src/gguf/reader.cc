#include "gguf/reader.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "base/check.h"
#include "gguf/limits.h"
#include "gguf/printable.h"
#include "gguf/reader_state.h"

namespace ternlight::gguf {
namespace {

uint32_t byte_swapped(uint32_t x) {
  return (x >> 24) | ((x >> 8) & 0xFF00u) | ((x << 8) & 0xFF0000u) | (x << 24);
}

}  // namespace

uint64_t Reader::State::number() const {
  uint64_t x = 0;
  for (uint32_t i = 0; i < wanted; ++i) x |= uint64_t{scratch[i]} << (8 * i);
  return x;
}

Status Reader::State::check_count(const char* what, uint64_t count, uint64_t limit,
                                  uint64_t item_bytes) const {
  const std::string found = std::to_string(count);
  if (count > limit) {
    return fail(ErrorCode::corrupt_file, std::string(what) + " of at most " + std::to_string(limit), found);
  }
  const uint64_t left = file_size > position ? file_size - position : 0;
  const uint64_t bytes = count * item_bytes;  // cannot overflow: limits are below 2^32, items below 2^6
  if (file_size != 0 && bytes > left) {
    return fail(
        ErrorCode::truncated,
        std::string(what) + " that fits in the remaining " + std::to_string(left) + " bytes of the file",
        found);
  }
  if (bytes > kMaxHeaderBytes || position > kMaxHeaderBytes - bytes) {
    return fail(ErrorCode::corrupt_file,
                std::string(what) + " that fits in a header of " + std::to_string(kMaxHeaderBytes) + " bytes",
                found);
  }
  return ok_status();
}

Status Reader::State::take_version() {
  const auto version = static_cast<uint32_t>(number());
  if (version == 1) {
    return fail(ErrorCode::unsupported_version, "GGUF version 2 or 3",
                "version 1, which has 32-bit lengths and is no longer in use,");
  }
  if (version != 0 && (version & 0xFFFFu) == 0) {
    return fail(ErrorCode::unsupported_version, "a little-endian GGUF of version 2 or 3",
                "a big-endian file (version " + std::to_string(byte_swapped(version)) + ")");
  }
  if (version != 2 && version != 3) {
    return fail(ErrorCode::unsupported_version, "GGUF version 2 or 3", "version " + std::to_string(version));
  }
  header.version = version;
  expect(Step::tensor_count, 8);
  return ok_status();
}

Status Reader::State::take_number(std::span<const uint8_t> rest) {
  switch (step) {
    case Step::magic:
      if (std::memcmp(scratch, "GGUF", 4) != 0) {
        std::string first(reinterpret_cast<const char*>(scratch), 4);
        first.append(reinterpret_cast<const char*>(rest.data()), std::min<size_t>(rest.size(), 28));
        return not_gguf(std::move(first));
      }
      expect(Step::version, 4);
      return ok_status();
    case Step::version: return take_version();
    case Step::tensor_count:
      tensor_count = number();
      TERNLIGHT_TRY(check_count("a number of tensors", tensor_count, kMaxTensors, kMinTensorInfoBytes));
      expect(Step::key_count, 8);
      return ok_status();
    case Step::key_count:
      key_count = number();
      TERNLIGHT_TRY(check_count("a number of metadata keys", key_count, kMaxKeys, kMinKeyValueBytes));
      expect(Step::key_length, 8);
      return key_count == 0 ? next_tensor() : ok_status();
    case Step::key_length:
      if (number() == 0) return fail(ErrorCode::corrupt_file, "a key", "a key of length 0");
      TERNLIGHT_TRY(check_count("a key length", number(), kMaxKeyBytes, 1));
      expect_bytes(Step::key, &key, number());
      return ok_status();
    case Step::value_type: return take_value_type();
    case Step::number: return take_scalar();
    case Step::string_length:
      TERNLIGHT_TRY(check_count("a string length", number(), kMaxHeaderBytes, 1));
      expect_bytes(Step::string, &string_value, number());
      return bytes_left == 0 ? take_text() : ok_status();
    case Step::array_type: return take_array_type();
    case Step::array_count: return take_array_count();
    case Step::array_number: return take_array_number();
    case Step::array_string_length:
      TERNLIGHT_TRY(check_count("a string length", number(), kMaxHeaderBytes, 1));
      expect_bytes(Step::array_string, &std::get<StringArray>(array).bytes, number());
      return bytes_left == 0 ? take_text() : ok_status();
    case Step::name_length:
      if (number() == 0) return fail(ErrorCode::corrupt_file, "a tensor name", "a name of length 0");
      TERNLIGHT_TRY(check_count("a tensor name's length", number(), kMaxTensorNameBytes, 1));
      expect_bytes(Step::name, &tensor.name, number());
      return ok_status();
    case Step::dim_count: return take_dim_count();
    case Step::dim: return take_dim();
    case Step::tensor_type:
      tensor.type = static_cast<uint32_t>(number());
      expect(Step::tensor_offset, 8);
      return ok_status();
    case Step::tensor_offset: return take_tensor_offset();
    default: unreachable();
  }
}

Status Reader::State::take_text() {
  switch (step) {
    case Step::key:
      if (header.metadata.find(key) != nullptr) {
        return fail(ErrorCode::corrupt_file, "every key once", printable(key).append(" again, ending"));
      }
      expect(Step::value_type, 4);
      return ok_status();
    case Step::string: {
      std::string value = std::move(string_value);
      string_value.clear();
      return store(std::move(value));
    }
    case Step::array_string: {
      auto& strings = std::get<StringArray>(array);
      strings.ends.push_back(static_cast<uint32_t>(strings.bytes.size()));  // below kMaxHeaderBytes
      if (strings.size() == items) return store(std::move(array));
      expect(Step::array_string_length, 8);
      return ok_status();
    }
    case Step::name:
      if (!names.insert(tensor.name).second) {
        return fail(ErrorCode::corrupt_file, "every tensor name once",
                    printable(tensor.name).append(" again, ending"));
      }
      expect(Step::dim_count, 4);
      return ok_status();
    default: unreachable();
  }
}

Result<size_t> Reader::State::feed(std::span<const uint8_t> bytes) {
  size_t used = 0;
  const auto take = [&](uint64_t want) {
    const uint64_t left = bytes.size() - used;
    const auto n = static_cast<size_t>(want < left ? want : left);
    used += n;
    position += n;
    return n;
  };
  while (step != Step::done && used < bytes.size()) {
    const uint8_t* from = bytes.data() + used;
    if (wanted > 0) {
      const size_t n = take(wanted - have);
      std::memcpy(scratch + have, from, n);
      have += static_cast<uint32_t>(n);
      if (have == wanted) TERNLIGHT_TRY(take_number(bytes.subspan(used)));
    } else if (step == Step::padding) {
      bytes_left -= take(bytes_left);
      if (bytes_left == 0) step = Step::done;
    } else {
      const size_t n = take(bytes_left);
      text->append(reinterpret_cast<const char*>(from), n);
      bytes_left -= n;
      if (bytes_left == 0) TERNLIGHT_TRY(take_text());
    }
  }
  return used;
}

Reader::Reader(uint64_t file_size) : state_(std::make_unique<State>(file_size)) {}
Reader::~Reader() = default;
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;

Result<size_t> Reader::feed(std::span<const uint8_t> bytes) {
  if (!state_->failure.ok()) return state_->failure;
  Result<size_t> result = state_->feed(bytes);
  if (!result.ok()) state_->failure = result.status();
  return result;
}

bool Reader::complete() const { return state_->step == State::Step::done; }

Status Reader::finish() const {
  if (!state_->failure.ok()) return state_->failure;
  return complete() ? ok_status() : state_->ends_early();
}

const Header& Reader::header() const { return state_->header; }

Header Reader::take_header() { return std::move(state_->header); }

}  // namespace ternlight::gguf
