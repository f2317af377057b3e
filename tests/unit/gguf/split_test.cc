#include "gguf/split.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gguf/reader.h"
#include "header_bytes.h"

namespace ternlight::gguf {
namespace {

using testing::HeaderBytes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Spec {
  int no = 0, count = 3, tensors = 3;  // negative: the key is missing
  std::string tensor = "t";            // empty: none
  std::string name = {};               // general.name; empty: none
};

Header part(const Spec& spec) {
  const auto keys = static_cast<uint64_t>((spec.no >= 0) + (spec.count >= 0) + (spec.tensors >= 0) + !spec.name.empty());
  HeaderBytes b;
  b.start(spec.tensor.empty() ? 0 : 1, keys);
  const auto u16 = [&](const char* key, int value) {
    if (value >= 0) b.key(key, 2).u8(static_cast<uint32_t>(value) & 255).u8(static_cast<uint32_t>(value) >> 8);
  };
  u16("split.no", spec.no);
  u16("split.count", spec.count);
  if (spec.tensors >= 0) b.key("split.tensors.count", 5).u32(static_cast<uint32_t>(spec.tensors));
  if (!spec.name.empty()) b.key("general.name", 8).text(spec.name);
  if (!spec.tensor.empty()) b.text(spec.tensor).u32(1).u64(8).u32(0).u64(0);
  b.pad().data(32);
  Reader reader(b.str().size());
  EXPECT_TRUE(reader.feed({reinterpret_cast<const uint8_t*>(b.str().data()), b.str().size()}).ok());
  EXPECT_TRUE(reader.complete());
  return reader.take_header();
}

Result<Header> join(const std::vector<Spec>& specs, size_t parts = 0) {
  PartJoiner joiner(parts == 0 ? specs.size() : parts);
  for (const Spec& spec : specs) {
    if (Status status = joiner.add(part(spec)); !status.ok()) return status;
  }
  return joiner.finish();
}

TEST(Split, MakesOneHeaderOfAllParts) {
  const Result<Header> whole = join({{.no = 0, .tensor = "a", .name = "model"}, {.no = 1, .tensor = "b"}, {.no = 2, .tensor = "c"}});
  ASSERT_TRUE(whole.ok()) << whole.status().message;
  ASSERT_EQ(whole->tensors.size(), 3u);
  for (uint32_t i = 0; i < 3; ++i) EXPECT_EQ(whole->tensors[i].part, i);
  ASSERT_EQ(whole->parts.size(), 3u);
  EXPECT_EQ(whole->file_bytes, whole->parts[0].file_bytes + whole->parts[1].file_bytes + whole->parts[2].file_bytes);
  EXPECT_EQ(*whole->metadata.string("general.name").value(), "model");
}

TEST(Split, TakesAFirstPartWithoutTensorsAndAFileThatIsNoPart) {
  EXPECT_TRUE(join({{.no = 0, .count = 2, .tensors = 1, .tensor = ""}, {.no = 1, .count = 2, .tensors = 1}}).ok());
  EXPECT_TRUE(join({{.no = -1, .count = -1, .tensors = -1}}).ok());
  EXPECT_TRUE(join({{.no = 0, .count = 1, .tensors = 1}}).ok());
}

struct Fault {
  const char* what;
  std::vector<Spec> parts;
  ErrorCode code;
  const char* message;
};

TEST(Split, RefusesWhatDoesNotBelongTogether) {
  const Fault faults[] = {
      {"one part alone", {{.no = 1}}, ErrorCode::truncated, "the file is part 2 of 3 of a split model: expected all 3 parts"},
      {"a part too few", {{.no = 0}, {.no = 1}}, ErrorCode::truncated, "part 1 of 2: metadata key 'split.count': expected 2"},
      {"a part too many", {{.no = 0, .count = 2}, {.no = 1, .count = 2}, {.no = 1, .count = 2}}, ErrorCode::bad_metadata, "expected 3, as many as there are files, found 2"},
      {"the wrong order", {{.no = 0, .tensor = "a"}, {.no = 2, .tensor = "c"}, {.no = 1, .tensor = "b"}}, ErrorCode::bad_metadata, "part 2 of 3: metadata key 'split.no': expected 1, found 2: the parts are not in order"},
      {"not the first first", {{.no = 1}, {.no = 0}, {.no = 2}}, ErrorCode::bad_metadata, "part 1 of 3: metadata key 'split.no': expected 0, found 1"},
      {"a file that is no part", {{.no = 0, .tensor = "a"}, {.no = -1, .count = -1, .tensors = -1, .tensor = "b"}, {.no = 2}}, ErrorCode::missing_metadata, "part 2 of 3: metadata key 'split.count'"},
      {"no number", {{.no = 0, .tensor = "a"}, {.no = -1, .tensor = "b"}, {.no = 2}}, ErrorCode::missing_metadata, "'split.no'"},
      {"no tensor count", {{.no = 0, .tensors = -1}, {.no = 1}, {.no = 2}}, ErrorCode::missing_metadata, "'split.tensors.count'"},
      {"another split", {{.no = 0, .tensor = "a"}, {.no = 1, .tensors = 5, .tensor = "b"}, {.no = 2}}, ErrorCode::corrupt_file, "part 2 of 3: metadata key 'split.tensors.count': expected the value it has in part 1"},
      {"another model", {{.no = 0, .tensor = "a", .name = "x"}, {.no = 1, .tensor = "b", .name = "y"}, {.no = 2}}, ErrorCode::corrupt_file, "of different models"},
      {"a tensor twice", {{.no = 0, .tensor = "a"}, {.no = 1, .tensor = "b"}, {.no = 2, .tensor = "a"}}, ErrorCode::corrupt_file, "part 3 of 3: tensor 'a': expected it in one part, found it in part 1 of 3 already"},
      {"a tensor missing", {{.no = 0, .tensor = "a"}, {.no = 1, .tensor = "b"}, {.no = 2, .tensor = ""}}, ErrorCode::corrupt_file, "expected 2, the tensors in all 3 parts, found 3"},
  };
  for (const Fault& fault : faults) {
    const Result<Header> whole = join(fault.parts);
    EXPECT_EQ(whole.status().code, fault.code) << fault.what << ": " << whole.status().message;
    EXPECT_THAT(whole.status().message, HasSubstr(fault.message)) << fault.what;
  }
}

TEST(Split, KnowsTheNamesOfItsFiles) {
  EXPECT_THAT(part_file_names("a/b-00001-of-00003.gguf"), ElementsAre("a/b-00001-of-00003.gguf", "a/b-00002-of-00003.gguf", "a/b-00003-of-00003.gguf"));
  for (const char* alone : {"model.gguf", "b-00002-of-00003.gguf", "b-00001-of-00001.gguf", "b-1-of-3.gguf", "-00001-of-00003.gguf", "b-0x001-of-00003.gguf"}) {
    EXPECT_THAT(part_file_names(alone), ElementsAre(alone));
  }
}

}  // namespace
}  // namespace ternlight::gguf
