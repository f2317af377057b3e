// libFuzzer target: clang++ -std=c++20 -g -O1 -fsanitize=fuzzer,address,undefined -I src -I tests
//   tests/fuzz/gguf_reader.cc src/gguf/*.cc
#include "fuzz/gguf_reader_check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ternlight::gguf::testing::check_reader(std::span(data, size));
  return 0;
}
