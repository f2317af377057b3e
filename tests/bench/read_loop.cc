#include "read_loop.h"

#include <wasm_simd128.h>

namespace ternlight::bench {
namespace {

template <size_t kStreams>
uint32_t read(const uint8_t* data, size_t bytes) {
  const size_t part = bytes / kStreams;
  v128_t sums[kStreams];
  for (v128_t& sum : sums) sum = wasm_i32x4_const_splat(0);
  for (size_t at = 0; at < part; at += 64) {
    for (size_t s = 0; s < kStreams; s++) {
      const uint8_t* p = data + s * part + at;
      for (size_t i = 0; i < 64; i += 16) sums[s] = wasm_i32x4_add(sums[s], wasm_v128_load(p + i));
    }
  }
  for (size_t s = 1; s < kStreams; s++) sums[0] = wasm_i32x4_add(sums[0], sums[s]);
  uint32_t lanes[4];
  wasm_v128_store(lanes, sums[0]);
  return lanes[0] + lanes[1] + lanes[2] + lanes[3];
}

}  // namespace

uint32_t read_loop(const uint8_t* data, size_t bytes, size_t streams) {
  switch (streams) {
    case 8:
      return read<8>(data, bytes);
    case 4:
      return read<4>(data, bytes);
    default:
      return read<1>(data, bytes);
  }
}

}  // namespace ternlight::bench
