// The entry of the kernel tests in wasm: runs them all and gives GoogleTest's exit code. A function of its own and not
// main(): clang 15 and later call a wasm main() __main_argc_argv, which Emscripten 3.1.6 does not find, and it then runs
// nothing without saying so. This one is missing loudly.
#include <emscripten.h>
#include <gtest/gtest.h>

#include <cstdio>

extern "C" EMSCRIPTEN_KEEPALIVE int run_kernel_tests() {
  char program[] = "kernels_tests";
  char plain[] = "--gtest_color=no";
  char* argv[] = {program, plain, nullptr};
  int argc = 2;
  testing::InitGoogleTest(&argc, argv);
  const int exit_code = RUN_ALL_TESTS();
  // The runtime lives on, and with it what stdio still buffers.
  std::fflush(nullptr);
  return exit_code;
}
