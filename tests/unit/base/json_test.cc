#include "base/json.h"

#include <gtest/gtest.h>

#include <limits>

namespace ternlight {
namespace {

TEST(JsonWriter, PutsCommasBetweenFieldsAndItemsOnly) {
  JsonWriter w;
  w.begin_object().field("a", 1).key("b").begin_array().value(true).begin_object().end_object().null().end_array();
  w.field("c", "x").end_object();
  EXPECT_EQ(w.text(), R"({"a":1,"b":[true,{},null],"c":"x"})");
}

TEST(JsonWriter, EscapesQuotesBackslashesAndControlCharacters) {
  JsonWriter w;
  w.value("a\"b\\c\n\t\x01");
  EXPECT_EQ(w.text(), "\"a\\\"b\\\\c\\u000a\\u0009\\u0001\"");
}

TEST(JsonWriter, KeepsUtf8AndReplacesBrokenBytes) {
  JsonWriter w;
  w.value("é😀\xff\xc3(\xe2\x82\xed\xa0\x80");
  EXPECT_EQ(w.text(), "\"é😀\\ufffd\\ufffd(\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\"");
}

TEST(JsonWriter, WritesNumbersThatReadBackEqual) {
  JsonWriter w;
  w.begin_array().value(0.1).value(0.1f).value(1.0 / 3).value(16777216.0f).value(uint64_t{18446744073709551615u}).end_array();
  EXPECT_EQ(w.text(), "[0.1,0.1,0.3333333333333333,16777216,18446744073709551615]");
}

TEST(JsonWriter, WritesNullForNumbersJsonDoesNotHave) {
  JsonWriter w;
  w.begin_array().value(std::numeric_limits<double>::quiet_NaN()).value(std::numeric_limits<float>::infinity()).end_array();
  EXPECT_EQ(w.text(), "[null,null]");
}

}  // namespace
}  // namespace ternlight
