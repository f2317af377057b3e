#include "sampling/params.h"

#include <cmath>
#include <cstdio>
#include <cstring>
#include <string>
#include <type_traits>

namespace ternlight {
namespace {

std::string text(double x) {
  char buffer[32];
  snprintf(buffer, sizeof(buffer), "%g", x);
  return buffer;
}

Status check_field(const FieldDoc& doc, double value, bool integer) {
  if (!(value >= doc.min && value <= doc.max)) {
    return error(ErrorCode::invalid_argument, std::string(doc.name) + ": expected a number from " + text(doc.min) + " to " +
                                                  text(doc.max) + ", found " + text(value));
  }
  if (integer && value != std::floor(value)) {
    return error(ErrorCode::invalid_argument, std::string(doc.name) + ": expected a whole number, found " + text(value));
  }
  return ok_status();
}

}  // namespace

Status SamplerParams::set(const char* field, double value) {
  Status status = error(ErrorCode::invalid_argument, std::string("there is no sampling option ") + field);
  visit(*this, [&](auto& member, const FieldDoc& doc) {
    using T = std::remove_reference_t<decltype(member)>;
    if (strcmp(doc.name, field) != 0) return;
    status = check_field(doc, value, std::is_integral_v<T>);
    if (status.ok()) member = static_cast<T>(value);
  });
  return status;
}

Status SamplerParams::check() const {
  Status status;
  visit(*this, [&](const auto& member, const FieldDoc& doc) {
    if (status.ok()) status = check_field(doc, static_cast<double>(member), false);
  });
  return status;
}

}  // namespace ternlight
