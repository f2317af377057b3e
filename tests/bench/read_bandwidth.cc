// How fast memory can be read at best: what decoding is compared with. A module of its own, without threads, allocation or
// runtime, so that a page can run one in each worker on a buffer that the page provides. Natively it is the same loop.
#include <stddef.h>
#include <stdint.h>
#include <wasm_simd128.h>

namespace {

// One stream's cursor goes through its own part of the buffer, 64 bytes (a cache line) at a time.
template <size_t kStreams>
v128_t read(const uint8_t* data, size_t bytes) {
  const size_t part = bytes / kStreams;
  v128_t sums[kStreams][4] = {};
  for (size_t at = 0; at + 64 <= part; at += 64) {
    for (size_t s = 0; s < kStreams; s++) {
      const uint8_t* line = data + s * part + at;
      for (size_t i = 0; i < 4; i++) sums[s][i] = wasm_i64x2_add(sums[s][i], wasm_v128_load(line + 16 * i));
    }
  }
  v128_t total = wasm_i64x2_const(0, 0);
  for (size_t s = 0; s < kStreams; s++) {
    for (size_t i = 0; i < 4; i++) total = wasm_i64x2_add(total, sums[s][i]);
  }
  return total;
}

}  // namespace

// Reads `bytes` (a multiple of 64 × streams) once, from 1, 2, 4 or 8 places at a time. The result depends on every byte.
extern "C" uint32_t read_bandwidth(const uint8_t* data, size_t bytes, size_t streams) {
  v128_t total;
  switch (streams) {
    case 8: total = read<8>(data, bytes); break;
    case 4: total = read<4>(data, bytes); break;
    case 2: total = read<2>(data, bytes); break;
    default: total = read<1>(data, bytes);
  }
  uint32_t lanes[4];
  wasm_v128_store(lanes, total);
  return lanes[0] ^ lanes[1] ^ lanes[2] ^ lanes[3];
}
