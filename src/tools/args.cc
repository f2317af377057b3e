#include "tools/args.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/json.h"

namespace ternlight {
namespace {

bool contains(const std::vector<std::string>& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

std::string number_text(double x) {
  char text[32];
  snprintf(text, sizeof(text), "%g", x);
  return text;
}

}  // namespace

Result<Args> Args::parse(int argc, char** argv, std::vector<std::string> flags, std::vector<std::string> options) {
  Args args;
  for (int i = 0; i < argc; i++) {
    const std::string arg = argv[i];
    if (!arg.starts_with("--")) {
      args.positional_.push_back(arg);
      continue;
    }
    const size_t equals = arg.find('=');
    const std::string name = arg.substr(2, equals == std::string::npos ? equals : equals - 2);
    if (contains(flags, name) && equals == std::string::npos) {
      args.values_.emplace_back(name, "");
    } else if (contains(options, name)) {
      if (equals == std::string::npos && i + 1 == argc) {
        return error(ErrorCode::invalid_argument, "option --" + name + ": expected a value, found the end of the command");
      }
      args.values_.emplace_back(name, equals == std::string::npos ? argv[++i] : arg.substr(equals + 1));
    } else {
      std::string known;
      for (const auto* list : {&flags, &options}) {
        for (const std::string& k : *list) known += " --" + k;
      }
      return error(ErrorCode::invalid_argument, "expected one of" + known + ", found " + arg);
    }
  }
  return args;
}

bool Args::flag(std::string_view name) const {
  return std::any_of(values_.begin(), values_.end(), [&](const auto& v) { return v.first == name; });
}

std::optional<std::string> Args::option(std::string_view name) const {
  const auto it = std::find_if(values_.rbegin(), values_.rend(), [&](const auto& v) { return v.first == name; });
  if (it == values_.rend()) return std::nullopt;
  return it->second;
}

std::vector<std::string> Args::all(std::string_view name) const {
  std::vector<std::string> out;
  for (const auto& [key, value] : values_) {
    if (key == name) out.push_back(value);
  }
  return out;
}

std::string Args::option_or(std::string_view name, const std::string& fallback) const { return option(name).value_or(fallback); }

Result<double> Args::number(std::string_view name, double fallback, double min, double max) const {
  const std::optional<std::string> text = option(name);
  if (!text) return fallback;
  char* end = nullptr;
  const double x = strtod(text->c_str(), &end);
  if (text->empty() || *end != 0 || !(x >= min && x <= max)) {
    return error(ErrorCode::invalid_argument, "option --" + std::string(name) + ": expected a number from " + number_text(min) +
                                                  " to " + number_text(max) + ", found \"" + *text + "\"");
  }
  return x;
}

Result<uint32_t> Args::count(std::string_view name, uint32_t fallback, uint32_t min, uint32_t max) const {
  TERNLIGHT_ASSIGN(const double x, number(name, fallback, min, max));
  const auto n = static_cast<uint32_t>(x);
  if (static_cast<double>(n) != x) {
    return error(ErrorCode::invalid_argument, "option --" + std::string(name) + ": expected a whole number, found " + number_text(x));
  }
  return n;
}

Result<std::vector<int32_t>> Args::list(std::string_view name) const {
  std::vector<int32_t> out;
  const std::optional<std::string> text = option(name);
  if (!text) return out;
  for (const char* p = text->c_str();;) {
    char* end = nullptr;
    const long x = strtol(p, &end, 10);
    if (end == p || (*end != ',' && *end != 0) || x < 0 || x > 0x7FFFFFFF) {
      return error(ErrorCode::invalid_argument, "option --" + std::string(name) +
                                                    ": expected whole numbers separated by commas, found \"" + *text + "\"");
    }
    out.push_back(static_cast<int32_t>(x));
    if (*end == 0) return out;
    p = end + 1;
  }
}

Result<std::string> Args::positional(const char* what) const {
  if (positional_.size() == 1) return positional_[0];
  return error(ErrorCode::invalid_argument, std::string("expected ") + what + ", found " +
                                                (positional_.empty() ? "nothing" : "\"" + positional_[1] + "\" as well"));
}

int report(const Status& status, bool json) {
  if (json) {
    JsonWriter w;
    w.begin_object().key("error").begin_object().field("code", name(status.code)).field("message", status.message);
    w.end_object().end_object();
    fprintf(stderr, "%s\n", w.text().c_str());
  } else {
    fprintf(stderr, "ternlight: %s (%s)\n", status.message.c_str(), name(status.code));
  }
  return 1;
}

}  // namespace ternlight
