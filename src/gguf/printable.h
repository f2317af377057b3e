// Bytes from a file, made fit for an error message.
#pragma once

#include <string>
#include <string_view>

namespace ternlight::gguf {

// Printable ASCII as it is, everything else as \xNN; cut after `max_bytes` with "...".
std::string printable(std::string_view bytes, size_t max_bytes = 80);

}  // namespace ternlight::gguf
