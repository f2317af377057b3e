// Checks of the program's own invariants (never of input): active in debug builds, free in release builds.
#pragma once

namespace ternlight {

[[noreturn]] inline void unreachable() { __builtin_unreachable(); }

}  // namespace ternlight

#ifdef NDEBUG
#define TERNLIGHT_DCHECK(condition) \
  do {                              \
    (void)sizeof(condition);        \
  } while (false)
#else
#define TERNLIGHT_DCHECK(condition)         \
  do {                                      \
    if (!(condition)) __builtin_trap();     \
  } while (false)
#endif
