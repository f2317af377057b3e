// Errors as values: every function that can fail returns Status, or Result<T> where there is a value.
// Messages name what was expected, what was found and where. There are no exceptions below src/tools.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace ternlight {

enum class ErrorCode : uint8_t {
#define X(code, doc) code,
#include "base/error_codes.def"
#undef X
};

// The code's name as written in error_codes.def: what users see in JSON and TypeScript.
inline const char* name(ErrorCode code) {
  switch (code) {
#define X(code, doc) \
  case ErrorCode::code: return #code;
#include "base/error_codes.def"
#undef X
  }
  return "internal";
}

struct [[nodiscard]] Status {
  ErrorCode code = ErrorCode::ok;
  std::string message;
  uint64_t needed = 0, available = 0;  // bytes, of out_of_memory

  bool ok() const { return code == ErrorCode::ok; }
};

inline Status ok_status() { return {}; }
inline Status error(ErrorCode code, std::string message) { return {code, std::move(message), 0, 0}; }
inline Status out_of_memory(std::string message, uint64_t needed, uint64_t available) {
  return {ErrorCode::out_of_memory, std::move(message), needed, available};
}

// A value or the reason why there is none.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}               // NOLINT: implicit, so that `return value;` reads well
  Result(Status status) : status_(std::move(status)) {}       // NOLINT: must not be ok

  bool ok() const { return value_.has_value(); }
  const Status& status() const { return status_; }
  T& value() { return *value_; }
  const T& value() const { return *value_; }
  T& operator*() { return *value_; }
  const T& operator*() const { return *value_; }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }

 private:
  std::optional<T> value_;
  Status status_;
};

}  // namespace ternlight

// Passes a failed Status up.
#define TERNLIGHT_TRY(expression)                                      \
  do {                                                                 \
    if (::ternlight::Status try_status = (expression); !try_status.ok()) \
      return try_status;                                               \
  } while (false)

#define TERNLIGHT_CONCAT_INNER(a, b) a##b
#define TERNLIGHT_CONCAT(a, b) TERNLIGHT_CONCAT_INNER(a, b)

// TERNLIGHT_ASSIGN(auto x, f()): declares or assigns x from a Result, or passes its Status up.
#define TERNLIGHT_ASSIGN(target, expression) \
  TERNLIGHT_ASSIGN_INNER(TERNLIGHT_CONCAT(result_, __LINE__), target, expression)
#define TERNLIGHT_ASSIGN_INNER(result, target, expression) \
  auto result = (expression);                              \
  if (!result.ok()) return result.status();                \
  target = std::move(result.value())
