// Args: command-line arguments as one list of options and the positional ones. Unknown options are errors, never ignored.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace ternlight {

class Args {
 public:
  // `flags` take no value, `options` take one ("--threads 2" or "--threads=2"). Everything else is positional.
  static Result<Args> parse(int argc, char** argv, std::vector<std::string> flags, std::vector<std::string> options);

  bool flag(std::string_view name) const;
  std::optional<std::string> option(std::string_view name) const;
  std::string option_or(std::string_view name, const std::string& fallback) const;
  // All values of an option that may be repeated, in their order.
  std::vector<std::string> all(std::string_view name) const;
  // A number in [min, max]; invalid_argument names the option.
  Result<double> number(std::string_view name, double fallback, double min, double max) const;
  Result<uint32_t> count(std::string_view name, uint32_t fallback, uint32_t min, uint32_t max) const;
  // "1,2,3"
  Result<std::vector<int32_t>> list(std::string_view name) const;
  // The only positional argument; `what` names it when it is missing.
  Result<std::string> positional(const char* what) const;
  const std::vector<std::string>& positionals() const { return positional_; }

 private:
  std::vector<std::pair<std::string, std::string>> values_;  // name, value ("" for flags)
  std::vector<std::string> positional_;
};

// Prints an error as the program reports it everywhere ({"error":{code,message}} with --json) to stderr; returns 1.
int report(const Status& status, bool json);

}  // namespace ternlight
