// now_ms(): a clock for measuring how long something takes.
#pragma once

#include <chrono>

namespace ternlight {

// Milliseconds since some fixed moment; never goes back.
inline double now_ms() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace ternlight
