// Options whose value is one of a few names.
#pragma once

#include <iterator>
#include <string>

#include "base/status.h"
#include "tools/args.h"

namespace ternlight {

template <class T>
struct Choice {
  const char* name;
  T value;
};

// The choice, of an array or vector of Choice<T>, that an option names; the first one when it is not given. invalid_argument lists
// the names.
template <class Choices>
auto choose(const Args& args, const char* option, const Choices& choices) -> Result<std::decay_t<decltype(std::begin(choices)->value)>> {
  const std::string text = args.option_or(option, std::begin(choices)->name);
  std::string known;
  for (const auto& choice : choices) {
    if (text == choice.name) return choice.value;
    known.append(known.empty() ? "" : ", ").append(choice.name);
  }
  return error(ErrorCode::invalid_argument, std::string("option --") + option + ": expected one of " + known + ", found " + text);
}

}  // namespace ternlight
