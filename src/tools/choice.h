// Options whose value is one of a few names.
#pragma once

#include <cstddef>
#include <string>

#include "base/status.h"
#include "tools/args.h"

namespace ternlight {

template <class T>
struct Choice {
  const char* name;
  T value;
};

// The choice an option names; the first one when it is not given. invalid_argument lists the names.
template <class T, size_t N>
Result<T> choose(const Args& args, const char* option, const Choice<T> (&choices)[N]) {
  const std::string text = args.option_or(option, choices[0].name);
  std::string known;
  for (const Choice<T>& choice : choices) {
    if (text == choice.name) return choice.value;
    known.append(known.empty() ? "" : ", ").append(choice.name);
  }
  return error(ErrorCode::invalid_argument, std::string("option --") + option + ": expected one of " + known + ", found " + text);
}

}  // namespace ternlight
