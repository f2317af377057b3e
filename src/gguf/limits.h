// Limits on what a header may announce. They hold for every file, and are what bounds memory when the file's size is
// not known. Each is several times what anything published needs.
#pragma once

#include <cstdint>

namespace ternlight::gguf {

// Vocabularies of 262,144 tokens with 514,906 merges come to about 20 MB. (u8 arrays grow eightfold when read, so this
// also bounds what a hostile header can make us hold: about 1 GB.)
constexpr uint64_t kMaxHeaderBytes = uint64_t{128} << 20;
// Metadata of real files has 20 to 60 keys.
constexpr uint64_t kMaxKeys = 65536;
// The largest mixture-of-experts files have a few thousand tensors.
constexpr uint64_t kMaxTensors = 65536;
// The GGUF specification's own limit.
constexpr uint64_t kMaxKeyBytes = 65535;
// 16 times the largest vocabulary, 8 times the longest list of merges.
constexpr uint64_t kMaxArrayCount = uint64_t{1} << 22;
// ggml's GGML_MAX_NAME is 64 with the terminator.
constexpr uint64_t kMaxTensorNameBytes = 63;
constexpr uint32_t kMaxDims = 4;
// Files use 32; a page (4096 to 65536) would make sense.
constexpr uint32_t kMaxAlignment = 1u << 20;

// The least a metadata pair takes: length, one byte of key, type, one byte of value.
constexpr uint64_t kMinKeyValueBytes = 8 + 1 + 4 + 1;
// The least a tensor info takes: length, one byte of name, number of dimensions, type, offset.
constexpr uint64_t kMinTensorInfoBytes = 8 + 1 + 4 + 4 + 8;

}  // namespace ternlight::gguf
