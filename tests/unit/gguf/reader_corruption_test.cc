// Every check of the reader, one row each: the bytes, whether the file's size is known, and what must be said.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <ostream>
#include <string>

#include "fuzz/gguf_reader_check.h"
#include "header_bytes.h"

namespace ternlight::gguf {
namespace {

using ::testing::HasSubstr;
using testing::HeaderBytes;

struct Row {
  const char* name;
  ErrorCode code;
  std::vector<const char*> says;
  std::function<void(HeaderBytes&)> build;
  bool size_known = false;
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

// One tensor and no metadata: what follows the counts.
HeaderBytes& tensor(HeaderBytes& b, uint64_t k, uint64_t rows, uint32_t type, uint64_t offset) {
  return b.start(1, 0).tensor_2d("w", k, rows, type, offset).pad();
}

const uint64_t kHuge = uint64_t{1} << 62;

const Row kRows[] = {
    // ---- what the file is ----
    {"Empty", ErrorCode::truncated, {"no bytes at all"}, [](HeaderBytes&) {}},
    {"OtherMagic",
     ErrorCode::not_gguf,
     {"'GGUF'", "GGML\\x03", "offset 0"},
     [](HeaderBytes& b) { b.raw("GGML\3abc"); }},
    {"Html",
     ErrorCode::not_gguf,
     {"<!DOCTYPE html>", "answered with a page"},
     [](HeaderBytes& b) { b.raw("<!DOCTYPE html><html><head>"); }},
    {"HtmlBehindWhiteSpace",
     ErrorCode::not_gguf,
     {"answered with a page"},
     [](HeaderBytes& b) { b.raw("\n\n  <html>"); }},
    {"ShortHtml", ErrorCode::not_gguf, {"'<'"}, [](HeaderBytes& b) { b.raw("<"); }},
    {"LfsPointer",
     ErrorCode::not_gguf,
     {"version https", "LFS"},
     [](HeaderBytes& b) { b.raw("version https://git-lfs.example/spec/v1"); }},
    {"Version1",
     ErrorCode::unsupported_version,
     {"2 or 3", "version 1", "offset 4"},
     [](HeaderBytes& b) { b.start(0, 0, 1); }},
    {"Version4", ErrorCode::unsupported_version, {"version 4"}, [](HeaderBytes& b) { b.start(0, 0, 4); }},
    {"Version0", ErrorCode::unsupported_version, {"version 0"}, [](HeaderBytes& b) { b.start(0, 0, 0); }},
    {"BigEndian",
     ErrorCode::unsupported_version,
     {"little-endian", "big-endian", "version 3"},
     [](HeaderBytes& b) { b.start(0, 0, 0x03000000u); }},

    // ---- counts ----
    {"NegativeTensorCount",
     ErrorCode::corrupt_file,
     {"number of tensors", "18446744073709551615", "offset 8"},
     [](HeaderBytes& b) { b.start(UINT64_MAX, 0); }},
    {"TensorCountAboveTheLimit",
     ErrorCode::corrupt_file,
     {"at most 65536", "65537"},
     [](HeaderBytes& b) { b.start(65537, 0); }},
    {"TensorCountAboveTheFile",
     ErrorCode::truncated,
     {"number of tensors", "remaining 8 bytes", "60000"},
     [](HeaderBytes& b) { b.start(60000, 0); },
     true},
    {"NegativeKeyCount",
     ErrorCode::corrupt_file,
     {"number of metadata keys", "offset 16"},
     [](HeaderBytes& b) { b.start(0, UINT64_MAX); }},
    {"KeyCountAboveTheFile",
     ErrorCode::truncated,
     {"number of metadata keys", "remaining 0 bytes"},
     [](HeaderBytes& b) { b.start(0, 3); },
     true},

    // ---- keys ----
    {"EmptyKey",
     ErrorCode::corrupt_file,
     {"length 0", "offset 24", "key 1 of 1"},
     [](HeaderBytes& b) { b.start(0, 1).key("", 4).u32(1); }},
    {"KeyAboveTheLimit",
     ErrorCode::corrupt_file,
     {"at most 65535", "65536"},
     [](HeaderBytes& b) { b.start(0, 1).u64(65536).data(70000); }},
    {"KeyAboveTheFile",
     ErrorCode::truncated,
     {"key length", "remaining 20 bytes", "60000"},
     [](HeaderBytes& b) { b.start(0, 1).u64(60000).data(20); },
     true},
    {"DuplicateKey",
     ErrorCode::corrupt_file,
     {"every key once", "a.b again"},
     [](HeaderBytes& b) { b.start(0, 2).key("a.b", 0).u8(1).key("a.b", 0).u8(1); }},
    {"KeyWithControlBytes",
     ErrorCode::corrupt_file,
     {"key '\\x1b[2J'"},
     [](HeaderBytes& b) { b.start(0, 1).key("\x1b[2J", 13); }},

    // ---- values ----
    {"UnknownValueType",
     ErrorCode::corrupt_file,
     {"from 0 to 12", "found 13", "'k'"},
     [](HeaderBytes& b) { b.start(0, 1).key("k", 13); }},
    {"BoolOf2",
     ErrorCode::corrupt_file,
     {"0 or 1", "found 2", "'k'"},
     [](HeaderBytes& b) { b.start(0, 1).key("k", 7).u8(2); }},
    {"BoolOf2InAnArray",
     ErrorCode::corrupt_file,
     {"0 or 1", "found 2", "'k'"},
     [](HeaderBytes& b) { b.start(0, 1).array("k", 7, 2).u8(1).u8(2); }},
    {"U64Above2To63",
     ErrorCode::bad_metadata,
     {"below 2^63", "9223372036854775808", "'k'"},
     [](HeaderBytes& b) { b.start(0, 1).key("k", 10).u64(uint64_t{1} << 63); }},
    {"StringAboveTheFile",
     ErrorCode::truncated,
     {"string length", "remaining 4 bytes", "'k'"},
     [](HeaderBytes& b) { b.start(0, 1).key("k", 8).u64(1000).data(4); },
     true},
    {"StringAboveTheLimit",
     ErrorCode::corrupt_file,
     {"string length", "'k'"},
     [](HeaderBytes& b) { b.start(0, 1).key("k", 8).u64(kHuge); }},
    {"NestedArray",
     ErrorCode::corrupt_file,
     {"array of arrays", "'k'"},
     [](HeaderBytes& b) { b.start(0, 1).array("k", 9, 1); }},
    {"UnknownElementType",
     ErrorCode::corrupt_file,
     {"element type", "found 99", "'k'"},
     [](HeaderBytes& b) { b.start(0, 1).array("k", 99, 1); }},
    {"ArrayCountAboveTheLimit",
     ErrorCode::corrupt_file,
     {"array elements", "'k'"},
     [](HeaderBytes& b) { b.start(0, 1).array("k", 4, kHuge); }},
    {"ArrayCountAboveTheFile",
     ErrorCode::truncated,
     {"array elements", "remaining 8 bytes", "found 3"},
     [](HeaderBytes& b) { b.start(0, 1).array("k", 4, 3).u64(0); },
     true},
    {"StringCountAboveTheFile",
     ErrorCode::truncated,
     {"array elements", "remaining 16 bytes", "found 3"},
     [](HeaderBytes& b) { b.start(0, 1).array("k", 8, 3).u64(0).u64(0); },
     true},
    {"StringInArrayAboveTheFile",
     ErrorCode::truncated,
     {"string length", "'k'"},
     [](HeaderBytes& b) { b.start(0, 1).array("k", 8, 1).u64(5).data(4); },
     true},
    {"StringInArrayAboveTheLimit",
     ErrorCode::corrupt_file,
     {"string length", "'k'"},
     [](HeaderBytes& b) { b.start(0, 1).array("k", 8, 1).u64(kHuge); }},

    // ---- alignment ----
    {"AlignmentOfAnotherType",
     ErrorCode::bad_metadata,
     {"u32", "general.alignment"},
     [](HeaderBytes& b) { b.start(0, 1).key("general.alignment", 10).u64(32); }},
    {"AlignmentZero",
     ErrorCode::corrupt_file,
     {"power of two", "found 0", "general.alignment"},
     [](HeaderBytes& b) { b.start(0, 1).key("general.alignment", 4).u32(0); }},
    {"AlignmentNoPowerOfTwo",
     ErrorCode::corrupt_file,
     {"power of two", "found 48"},
     [](HeaderBytes& b) { b.start(0, 1).key("general.alignment", 4).u32(48); }},
    {"AlignmentTooLarge",
     ErrorCode::corrupt_file,
     {"power of two", "found 2147483648"},
     [](HeaderBytes& b) { b.start(0, 1).key("general.alignment", 4).u32(1u << 31); }},

    // ---- tensor infos ----
    {"EmptyTensorName",
     ErrorCode::corrupt_file,
     {"tensor name", "tensor info 1 of 1"},
     [](HeaderBytes& b) { b.start(1, 0).tensor_2d("", 8, 1, 0, 0); }},
    {"LongTensorName",
     ErrorCode::corrupt_file,
     {"at most 63", "found 64"},
     [](HeaderBytes& b) { b.start(1, 0).tensor_2d(std::string(64, 'x'), 8, 1, 0, 0); }},
    {"DuplicateTensorName",
     ErrorCode::corrupt_file,
     {"every tensor name once", "w again"},
     [](HeaderBytes& b) { b.start(2, 0).tensor_2d("w", 8, 1, 0, 0).tensor_2d("w", 8, 1, 0, 32); }},
    {"FiveDimensions",
     ErrorCode::corrupt_file,
     {"at most 4", "found 5", "'w'"},
     [](HeaderBytes& b) { b.start(1, 0).text("w").u32(5); }},
    {"NegativeDimension",
     ErrorCode::corrupt_file,
     {"below 2^63", "'w'"},
     [](HeaderBytes& b) { tensor(b, UINT64_MAX, 1, 0, 0); }},
    {"ProductOfDimensionsTooLarge",
     ErrorCode::corrupt_file,
     {"below 2^63", "'w'"},
     [](HeaderBytes& b) { tensor(b, uint64_t{1} << 32, uint64_t{1} << 32, 0, 0); }},
    {"HugeDimensionsBehindAZero",
     ErrorCode::corrupt_file,
     {"below 2^63", "'w'"},
     [](HeaderBytes& b) {
       b.start(1, 0).text("w").u32(4).u64(0).u64(kHuge).u64(kHuge).u64(1).u32(0).u64(0);
     }},
    {"SizeInBytesTooLarge",
     ErrorCode::corrupt_file,
     {"below 2^63 bytes", "'w'"},
     [](HeaderBytes& b) { tensor(b, kHuge, 1, 0, 0); }},
    {"RowNoMultipleOfTheBlock",
     ErrorCode::bad_tensor_shape,
     {"multiple of 256", "TQ2_0", "rows of 384", "'w'"},
     [](HeaderBytes& b) { tensor(b, 384, 2, 35, 0); }},
    {"OffsetNotAligned",
     ErrorCode::corrupt_file,
     {"multiple of 32", "found 16", "'w'"},
     [](HeaderBytes& b) { tensor(b, 8, 1, 0, 16); }},
    {"OffsetTooLarge",
     ErrorCode::corrupt_file,
     {"below 2^63", "'w'"},
     [](HeaderBytes& b) { tensor(b, 8, 1, 0, uint64_t{1} << 63); }},
    {"EndTooLarge",
     ErrorCode::corrupt_file,
     {"below 2^63", "'w'"},
     [](HeaderBytes& b) { tensor(b, 8, 1, 0, INT64_MAX - 31); }},
    {"TensorBehindTheFile",
     ErrorCode::truncated,
     {"'w'", "F32", "32 bytes", "end at offset 128", "file of 127 bytes"},
     [](HeaderBytes& b) { tensor(b, 8, 1, 0, 0).data(31); },
     true},
    {"I2SWithoutItsScale",
     ErrorCode::truncated,
     {"'w'", "I2_S", "file of 128 bytes"},
     [](HeaderBytes& b) { tensor(b, 128, 1, 36, 0).data(32); },
     true},
    {"Overlap",
     ErrorCode::corrupt_file,
     {"'b'", "'a'", "found offset 32"},
     [](HeaderBytes& b) { b.start(2, 0).tensor_2d("b", 8, 1, 0, 32).tensor_2d("a", 8, 2, 0, 0).pad(); }},
    {"SameOffsetTwice",
     ErrorCode::corrupt_file,
     {"'a'", "'b'", "found offset 0"},
     [](HeaderBytes& b) { b.start(2, 0).tensor_2d("a", 8, 1, 0, 0).tensor_2d("b", 8, 1, 0, 0).pad(); }},
    {"UnknownTypeWithoutRoom",
     ErrorCode::corrupt_file,
     {"'a'", "'b'", "type 57"},
     [](HeaderBytes& b) { b.start(2, 0).tensor_2d("a", 8, 1, 57, 0).tensor_2d("b", 8, 1, 0, 0).pad(); }},

    // ---- meaning ----
    {"ArchitectureNoString",
     ErrorCode::bad_metadata,
     {"general.architecture", "a string"},
     [](HeaderBytes& b) { b.start(0, 1).key("general.architecture", 4).u32(1); }},
    {"TokensNoStrings",
     ErrorCode::bad_metadata,
     {"tokenizer.ggml.tokens", "array of strings"},
     [](HeaderBytes& b) { b.start(0, 1).array("tokenizer.ggml.tokens", 4, 1).u32(1); }},
    {"TokenTypesNoIntegers",
     ErrorCode::bad_metadata,
     {"tokenizer.ggml.token_type", "array of integers"},
     [](HeaderBytes& b) { b.start(0, 1).array("tokenizer.ggml.token_type", 6, 1).u32(1); }},
    {"SpecialTokenOutsideTheVocabulary",
     ErrorCode::bad_metadata,
     {"tokenizer.ggml.eos_token_id", "below 2", "found 2"},
     [](HeaderBytes& b) {
       b.start(0, 2)
           .array("tokenizer.ggml.tokens", 8, 2)
           .text("a")
           .text("b")
           .key("tokenizer.ggml.eos_token_id", 4)
           .u32(2);
     }},
    {"FewerEmbeddingRowsThanTokens",
     ErrorCode::bad_tensor_shape,
     {"token_embd.weight", "2 tokens", "1 rows"},
     [](HeaderBytes& b) {
       b.start(1, 1)
           .array("tokenizer.ggml.tokens", 8, 2)
           .text("a")
           .text("b")
           .tensor_2d("token_embd.weight", 8, 1, 0, 0)
           .pad();
     }},
};

class GgufCorruption : public ::testing::TestWithParam<Row> {};

TEST_P(GgufCorruption, IsRefusedWithTheReason) {
  const Row& row = GetParam();
  HeaderBytes built;
  row.build(built);
  const std::string& text = built.str();
  const std::span bytes(reinterpret_cast<const uint8_t*>(text.data()), text.size());
  const auto outcome = testing::read_in_pieces(bytes, text.size() + 1, row.size_known ? text.size() : 0);
  EXPECT_STREQ(name(outcome.status.code), name(row.code)) << outcome.status.message;
  for (const char* part : row.says) EXPECT_THAT(outcome.status.message, HasSubstr(part));
  testing::check_reader(bytes);
}

INSTANTIATE_TEST_SUITE_P(Table, GgufCorruption, ::testing::ValuesIn(kRows),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace ternlight::gguf
