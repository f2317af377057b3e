#include "sampling/params.h"

#include <cmath>
#include <cstdio>
#include <cstring>
#include <string>
#include <type_traits>

namespace ternlight {
namespace {

std::string number(double value) {
  char text[32];
  snprintf(text, sizeof text, "%.9g", value);
  return text;
}

Status out_of_range(const FieldDoc& doc, const char* kind, double value) {
  return error(ErrorCode::invalid_argument, std::string("option ") + doc.name + ": expected " + kind + " from " +
                                                number(doc.min) + " to " + number(doc.max) + ", found " +
                                                number(value));
}

template <class T>
Status check_field(const FieldDoc& doc, double value) {
  constexpr bool kInteger = std::is_integral_v<T>;
  const char* kind = kInteger ? "an integer" : "a number";
  // Bounds are compared as T: 0.01 the float is a little less than 0.01 the double.
  const bool in_range = value >= static_cast<double>(static_cast<T>(doc.min)) &&
                        value <= static_cast<double>(static_cast<T>(doc.max));
  if (!in_range || (kInteger && value != std::floor(value))) return out_of_range(doc, kind, value);
  return ok_status();
}

}  // namespace

Status SamplerParams::set(const char* field, double value) {
  bool known = false;
  Status status;
  std::string names;
  visit(*this, [&](auto& target, const FieldDoc& doc) {
    names += names.empty() ? doc.name : std::string(", ") + doc.name;
    if (strcmp(doc.name, field) != 0) return;
    known = true;
    using T = std::decay_t<decltype(target)>;
    // A double that rounds to a bound counts as that bound.
    const double rounded = std::is_integral_v<T> ? value : static_cast<double>(static_cast<float>(value));
    status = check_field<T>(doc, rounded);
    if (status.ok()) target = static_cast<T>(value);
  });
  if (!known) {
    return error(ErrorCode::invalid_argument,
                 std::string("unknown sampling option '") + field + "': expected one of " + names);
  }
  return status;
}

Status SamplerParams::check() const {
  Status status;
  visit(*this, [&](const auto& value, const FieldDoc& doc) {
    using T = std::decay_t<decltype(value)>;
    if (status.ok()) status = check_field<T>(doc, static_cast<double>(value));
  });
  TERNLIGHT_TRY(status);
  for (const auto& [token, bias] : logit_bias) {
    if (token < 0) {
      return error(ErrorCode::invalid_argument,
                   "option logit_bias: expected a token id of 0 or more, found " + std::to_string(token));
    }
    if (!std::isfinite(bias)) {
      return error(ErrorCode::invalid_argument, "option logit_bias: expected a finite number for token " +
                                                    std::to_string(token) + ", found " +
                                                    number(static_cast<double>(bias)));
    }
  }
  return ok_status();
}

}  // namespace ternlight
