#include "train/checkpoint.h"

#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/fnv1a.h"
#include "train/option_fields.h"

namespace ternlight::train {
namespace {

constexpr char kMagic[8] = {'t', 'e', 'r', 'n', 'T', 'R', 'N', '\0'};
constexpr uint32_t kVersion = 1;

std::string_view text_of(std::span<const uint8_t> bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

template <class T>
std::span<const uint8_t> bytes_of(const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  return {reinterpret_cast<const uint8_t*>(&value), sizeof value};
}

template <class T>
std::span<const uint8_t> bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const uint8_t*>(values.data()), values.size() * sizeof(T)};
}

class Input {
 public:
  explicit Input(std::span<const uint8_t> bytes) : rest_(bytes) {}

  template <class T>
  bool take(T& value) {
    if (rest_.size() < sizeof value) return false;
    std::memcpy(&value, rest_.data(), sizeof value);
    rest_ = rest_.subspan(sizeof value);
    return true;
  }
  template <class T>
  bool take(std::vector<T>& values, size_t count) {
    if (rest_.size() / sizeof(T) < count) return false;
    values.resize(count);
    if (count > 0) std::memcpy(values.data(), rest_.data(), count * sizeof(T));
    rest_ = rest_.subspan(count * sizeof(T));
    return true;
  }
  bool empty() const { return rest_.empty(); }

 private:
  std::span<const uint8_t> rest_;
};

}  // namespace

Status write_checkpoint(const TrainState& state, const std::function<Status(std::span<const uint8_t>)>& write) {
  std::vector<uint8_t> head;
  const auto append = [&](std::span<const uint8_t> bytes) { head.insert(head.end(), bytes.begin(), bytes.end()); };
  append(bytes_of(kMagic));
  append(bytes_of(kVersion));
  for_each_field(state.options, [&](const char*, const auto& field) { append(bytes_of(field)); });
  append(bytes_of(static_cast<uint32_t>(state.steps.size())));
  append(bytes_of(static_cast<uint32_t>(state.validations.size())));
  append(bytes_of(state.steps));
  // Field by field: the struct has padding, whose bytes would be anything.
  for (const ValidationRecord& v : state.validations) {
    append(bytes_of(v.step));
    append(bytes_of(v.nats_per_token));
    append(bytes_of(v.bits_per_byte));
  }
  uint64_t hash = kFnv1aBasis;
  for (const std::span<const uint8_t> part :
       {std::span<const uint8_t>(head), bytes_of(state.parameters), bytes_of(state.moments.first), bytes_of(state.moments.second)}) {
    hash = fnv1a(text_of(part), hash);
    TERNLIGHT_TRY(write(part));
  }
  return write(bytes_of(hash));
}

Result<TrainState> read_checkpoint(std::span<const uint8_t> bytes) {
  const auto corrupt = [](const char* what) { return error(ErrorCode::corrupt_file, std::string("checkpoint: ") + what); };
  char magic[sizeof kMagic];
  uint32_t version = 0;
  Input start(bytes);
  if (!start.take(magic) || std::memcmp(magic, kMagic, sizeof magic) != 0) return corrupt("expected one, found another kind of file");
  if (!start.take(version) || version != kVersion) {
    return error(ErrorCode::unsupported_version,
                 "checkpoint: expected version " + std::to_string(kVersion) + ", found " + std::to_string(version));
  }
  uint64_t stored = 0;
  std::memcpy(&stored, bytes.data() + bytes.size() - sizeof stored, sizeof stored);
  if (stored != fnv1a(text_of(bytes.first(bytes.size() - sizeof stored)))) return corrupt("expected bytes of the recorded hash, found others: the file was cut off or damaged");

  Input in(bytes.subspan(sizeof magic + sizeof version, bytes.size() - sizeof magic - sizeof version - sizeof stored));
  TrainState state;
  uint32_t steps = 0, validations = 0;
  bool complete = true;
  for_each_field(state.options, [&](const char*, auto& field) { complete = complete && in.take(field); });
  complete = complete && in.take(steps) && in.take(validations) && in.take(state.steps, steps);
  for (uint32_t i = 0; i < validations && complete; i++) {
    ValidationRecord v;
    complete = in.take(v.step) && in.take(v.nats_per_token) && in.take(v.bits_per_byte);
    if (complete) state.validations.push_back(v);
  }
  if (!complete) return corrupt("expected options and records, found the end");
  TERNLIGHT_TRY(check(state.options));
  const size_t n = make_layout(state.options.net).size;
  if (!in.take(state.parameters, n) || !in.take(state.moments.first, n) || !in.take(state.moments.second, n) || !in.empty()) {
    return corrupt("expected as many numbers as the network has, found another count");
  }
  return state;
}

}  // namespace ternlight::train
