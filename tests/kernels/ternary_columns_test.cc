// Layout::ternary_columns: conversion from rows and back, and the product with listed columns.
#include "support.h"

namespace ternlight {
namespace {

std::vector<uint8_t> random_rows(Rng& rng, size_t rows, size_t k) {
  std::vector<uint8_t> codes(rows * k);
  for (uint8_t& code : codes) code = static_cast<uint8_t>(rng.next_below(3));
  return pack_ternary(codes, rows, k);
}

// The whole matrix in columns, 64 rows at a time.
std::vector<uint8_t> to_columns(const Kernels& kernels, const std::vector<uint8_t>& packed, size_t rows, size_t k) {
  std::vector<uint8_t> columns(packed.size());
  for (size_t r = 0; r < rows; r += 64) {
    kernels.ternary_to_columns(packed.data() + r * k / 4, k, columns.data() + r / 4, column_bytes(rows));
  }
  return columns;
}

TEST(TernaryColumnsScalar, ColumnsHoldTheCodesOfTheRows) {
  Rng rng(3);
  const size_t rows = 128, k = 384;
  const Kernels scalar = make_kernels(Isa::scalar);
  const std::vector<uint8_t> packed = random_rows(rng, rows, k), columns = to_columns(scalar, packed, rows, k);
  for (size_t r = 0; r < rows; ++r) {
    for (size_t c = 0; c < k; ++c) {
      const unsigned in_row = packed[r * k / 4 + c / 128 * 32 + c % 32] >> (6 - c % 128 / 32 * 2) & 3u;
      const unsigned in_column = columns[c * rows / 4 + r / 64 * 16 + r % 16] >> (6 - r % 64 / 16 * 2) & 3u;
      ASSERT_EQ(in_row, in_column) << "row " << r << ", column " << c;
    }
  }
}

class TernaryColumns : public KernelTest {};
TERNLIGHT_FOR_FAST_ISAS(TernaryColumns);

TEST_P(TernaryColumns, ConversionEqualsScalarAndGoesBack) {
  for (const size_t k : {size_t{128}, size_t{640}, size_t{6912}}) {
    const std::vector<uint8_t> packed = random_rows(rng_, 64, k);
    const Guarded<uint8_t> rows(packed);
    const std::vector<uint8_t> expected = to_columns(scalar_, packed, 64, k);
    Guarded<uint8_t> columns(packed.size()), back(packed.size());
    fast_.ternary_to_columns(rows.data(), k, columns.data(), 16);
    expect_same_bits(expected, columns, "k " + std::to_string(k));
    fast_.ternary_to_rows(columns.data(), 16, k, back.data());
    expect_same_bits(packed, back, "k " + std::to_string(k));
    scalar_.ternary_to_rows(columns.data(), 16, k, back.data());
    expect_same_bits(packed, back, "scalar, k " + std::to_string(k));
  }
}

struct List {
  std::vector<uint32_t> ids;
  std::vector<int8_t> x;
};

void expect_product(const Kernels& scalar, const Kernels& fast, const std::vector<uint8_t>& columns, size_t rows,
                    const List& list, size_t first, size_t count, const std::string& what) {
  const Guarded<uint8_t> w(columns);
  const Guarded<uint32_t> ids(list.ids);
  const Guarded<int8_t> x(list.x);
  Guarded<int32_t> expected(count), actual(count);
  std::fill(actual.begin(), actual.end(), 0x5A5A5A5A);
  scalar.ternary_gemv_columns(w.data() + first / 4, rows / 4, ids.data(), x.data(), ids.size(), count, expected.data());
  fast.ternary_gemv_columns(w.data() + first / 4, rows / 4, ids.data(), x.data(), ids.size(), count, actual.data());
  expect_same_bits(expected, actual, what);
}

TEST_P(TernaryColumns, ProductEqualsScalarForEveryNumberOfColumns) {
  const size_t rows = 192, k = 256;
  const std::vector<uint8_t> columns = to_columns(scalar_, random_rows(rng_, rows, k), rows, k);
  for (size_t count = 0; count <= 140; ++count) {
    List list{std::vector<uint32_t>(count), std::vector<int8_t>(count)};
    for (uint32_t& id : list.ids) id = static_cast<uint32_t>(rng_.next_below(k));
    fill_bytes(rng_, list.x.data(), count);
    expect_product(scalar_, fast_, columns, rows, list, 0, rows, std::to_string(count) + " columns");
    expect_product(scalar_, fast_, columns, rows, list, 64, 64, std::to_string(count) + " columns, rows 64 to 127");
  }
}

TEST_P(TernaryColumns, ListOfAllColumnsEqualsTheRowProduct) {
  const size_t rows = 256, k = 6912;
  const std::vector<uint8_t> packed = random_rows(rng_, rows, k), columns = to_columns(scalar_, packed, rows, k);
  std::vector<int8_t> x(k);
  fill_bytes(rng_, x.data(), k);
  std::vector<uint32_t> ids(k);
  for (size_t i = 0; i < k; ++i) ids[i] = static_cast<uint32_t>(i);
  std::vector<int32_t> by_rows(rows), by_columns(rows);
  fast_.ternary_gemv(packed.data(), rows, k, x.data(), by_rows.data());
  fast_.ternary_gemv_columns(columns.data(), rows / 4, ids.data(), x.data(), k, rows, by_columns.data());
  expect_same_bits(by_rows, by_columns, "all columns");
}

TEST_P(TernaryColumns, ProductSurvivesTheExtremes) {
  const size_t rows = 64, k = 1024;
  for (const uint8_t code : {uint8_t{0}, uint8_t{1}, uint8_t{2}}) {
    const std::vector<uint8_t> codes(rows * k, code);
    const std::vector<uint8_t> columns = to_columns(scalar_, pack_ternary(codes, rows, k), rows, k);
    for (const int value : {-128, -127, 127}) {
      List list{std::vector<uint32_t>(k), std::vector<int8_t>(k, static_cast<int8_t>(value))};
      for (size_t i = 0; i < k; ++i) list.ids[i] = static_cast<uint32_t>(i);
      expect_product(scalar_, fast_, columns, rows, list, 0, rows, "code " + std::to_string(code) + " x " + std::to_string(value));
    }
  }
}

}  // namespace
}  // namespace ternlight
