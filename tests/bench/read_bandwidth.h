// The plainest loop that reads memory with 128-bit loads: what a kernel's bandwidth is compared with.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Reads `bytes` (a multiple of 64 * streams) once, from 1, 2, 4 or 8 places at a time. The result depends on
// every byte.
extern "C" uint32_t read_bandwidth(const uint8_t* data, size_t bytes, size_t streams);
