// Models for tests: the trained storyteller that ships with the demo, loaded in pieces as a browser would.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <vector>

#include "engine/engine.h"

namespace ternlight::test {

inline std::string storyteller_path() {
  return TERNLIGHT_STORYTELLER;
}

inline std::vector<uint8_t> read_file(const std::string& path) {
  std::vector<uint8_t> bytes;
  FILE* f = fopen(path.c_str(), "rb");
  EXPECT_NE(f, nullptr) << path;
  if (f == nullptr) return bytes;
  fseek(f, 0, SEEK_END);
  bytes.resize(static_cast<size_t>(ftell(f)));
  rewind(f);
  EXPECT_EQ(fread(bytes.data(), 1, bytes.size(), f), bytes.size());
  fclose(f);
  return bytes;
}

// Feeds `bytes` in pieces of at most `piece` bytes.
inline Result<Model> load(Engine& engine, const std::vector<uint8_t>& bytes, const LoadOptions& options = {}, size_t piece = 1 << 16) {
  ModelLoader loader(engine, options);
  size_t at = 0;
  for (std::span<uint8_t> slot = loader.reserve(); !slot.empty() && at < bytes.size(); slot = loader.reserve()) {
    const size_t n = std::min({slot.size(), bytes.size() - at, piece});
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), n, slot.begin());
    if (Status status = loader.commit(n); !status.ok()) return status;
    at += n;
  }
  return loader.finish();
}

}  // namespace ternlight::test
