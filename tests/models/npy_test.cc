#include "models/npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "engine/base/error.h"
#include "tests/models/expect_error.h"
#include "tests/models/pack.h"

namespace netsurf {
namespace {

using ::testing::ElementsAre;

template <typename T>
void expect_type_is_read(const std::string& descr, bool is_integer) {
  std::vector<T> values = {0, 1, std::numeric_limits<T>::max(), std::numeric_limits<T>::lowest()};
  NumberArray array = parse_npy(npy_array<T>(descr, "(4,)", values), "f");
  EXPECT_EQ(array.is_integer, is_integer) << descr;
  ASSERT_THAT(array.shape, ElementsAre(4));
  EXPECT_EQ(array.values[1], 1.0f) << descr;
  EXPECT_EQ(array.values[2], static_cast<float>(values[2])) << descr;
  EXPECT_EQ(array.values[3], static_cast<float>(values[3])) << descr;
}

TEST(Npy, EveryElementTypeIsRead) {
  expect_type_is_read<int8_t>("|i1", true);
  expect_type_is_read<uint8_t>("|u1", true);
  expect_type_is_read<int16_t>("<i2", true);
  expect_type_is_read<uint16_t>("<u2", true);
  expect_type_is_read<int32_t>("<i4", true);
  expect_type_is_read<uint32_t>("<u4", true);
  expect_type_is_read<int64_t>("<i8", true);
  expect_type_is_read<uint64_t>("<u8", true);
  expect_type_is_read<float>("<f4", false);
  NumberArray doubles = parse_npy(npy_array<double>("<f8", "(3,)", {0.1, 1e300, -1e300}), "f");
  EXPECT_THAT(doubles.values, ElementsAre(0.1f, INFINITY, -INFINITY));
  EXPECT_THAT(parse_npy(npy_array<char>("|b1", "(3,)", {0, 1, 2}), "f").values, ElementsAre(0, 1, 1));
}

TEST(Npy, EveryVersionAndRankIsRead) {
  std::string dictionary = "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2), }";
  for (int major : {1, 2, 3})
    EXPECT_THAT(parse_npy(npy_file(dictionary, "ab", major), "f").shape, ElementsAre(1, 2));
  EXPECT_THAT(parse_npy(npy_array<uint8_t>("|u1", "()", {7}), "f").values, ElementsAre(7));
  EXPECT_THAT(parse_npy(npy_array<uint8_t>("|u1", "(0, 5)", {}), "f").values, ElementsAre());
  expect_error<FormatError>([&] { parse_npy(npy_file(dictionary, "ab", 4), "f"); },
                            {"version 4.0", "expected 1.0"});
}

TEST(Npy, KeysComeInAnyOrderAndQuotes) {
  EXPECT_THAT(
      parse_npy(npy_file("{\"shape\":(2,),\"descr\":\"|u1\",\"fortran_order\":False}", "ab"), "f").values,
      ElementsAre('a', 'b'));
}

TEST(Npy, FortranOrderIsTransposed) {
  // [[1 2 3] [4 5 6]] lies as 1 4 2 5 3 6.
  std::string bytes = npy_file("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }", "\1\4\2\5\3\6");
  EXPECT_THAT(parse_npy(bytes, "f").values, ElementsAre(1, 2, 3, 4, 5, 6));
  std::string cube =
      npy_file("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 2, 2), }", "\1\5\3\7\2\6\4\10");
  EXPECT_THAT(parse_npy(cube, "f").values, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
}

TEST(Npy, OtherElementTypesAreRefusedWithARemedy) {
  auto with_type = [](const std::string& type) {
    return npy_file("{'descr': " + type + ", 'fortran_order': False, 'shape': (1,), }", "abcdefgh");
  };
  expect_error<FormatError>([&] { parse_npy(with_type("'|O'"), "f"); },
                            {"\"|O\"", "pickled objects are never loaded"});
  expect_error<FormatError>([&] { parse_npy(with_type("'>f8'"), "f"); }, {"\">f8\"", "little endian"});
  expect_error<FormatError>([&] { parse_npy(with_type("'<c8'"), "f"); }, {"\"<c8\"", "astype"});
  expect_error<FormatError>([&] { parse_npy(with_type("[('a', '<f4')]"), "f"); }, {"structured"});
  expect_error<FormatError>([&] { parse_npy(with_type("''"), "f"); }, {"element type \"\""});
}

TEST(Npy, HeadersThatAreNotTheDictionaryAreRefused) {
  for (const char* header : {"", "{", "{}", "{'descr': '|u1', 'fortran_order': False}",
                             "{'descr': '|u1', 'fortran_order': 1, 'shape': (1,)}",
                             "{'descr': '|u1', 'fortran_order': False, 'shape': (-1,)}",
                             "{'descr': '|u1', 'fortran_order': False, 'shape': (1}",
                             "{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999,)}",
                             "{'descr': '|u1', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1)}",
                             "{'descr': '|u1', 'fortran_order': False, 'shape': (1,)} x",
                             "{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (1,)}",
                             "{'descr': '|u1, 'fortran_order': False, 'shape': (1,)}"}) {
    expect_error<FormatError>([&] { parse_npy(npy_file(header, "a"), "x.npy"); },
                              {"x.npy: byte ", "in the .npy header"});
  }
}

TEST(Npy, EveryTruncationIsRefused) {
  std::string whole = npy_array<float>("<f4", "(3, 1)", {1, 2, 3});
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_THROW(parse_npy(whole.substr(0, size), "f"), FormatError) << size;
  }
  expect_error<FormatError>([&] { parse_npy(whole.substr(0, whole.size() - 1), "f"); },
                            {"3x1 values of 4 bytes", "found 11 bytes", "truncated"});
  expect_error<FormatError>([&] { parse_npy(whole + "x", "f"); },
                            {"3x1 values of 4 bytes", "found 13 bytes"});
}

TEST(Npy, OversizedHeaderIsRefusedWithoutAllocating) {
  std::string huge = npy_array<float>("<f4", "(9223372036854775807, 9223372036854775807)", {1});
  expect_error<FormatError>([&] { parse_npy(huge, "f"); },
                            {"9223372036854775807x9223372036854775807", "found 4 bytes"});
}

TEST(Npy, ReadsArraysThatNumpyWrote) {
  std::filesystem::path data = std::filesystem::path(NETSURF_SHARED_DIR) / "data";
  if (!std::filesystem::exists(data / "kws01")) GTEST_SKIP() << "no " << data / "kws01";
  NumberArray kws = read_npy(data / "kws01/kws01_i8_1000x49x10.npy");
  EXPECT_THAT(kws.shape, ElementsAre(1000, 49, 10));
  EXPECT_TRUE(kws.is_integer);
  EXPECT_EQ(std::accumulate(kws.values.begin(), kws.values.end(), 0.0), 39210992);  // as numpy sums it
  EXPECT_THAT(read_npy(data / "cifar10_ic01/ic01_u8_200x32x32x3.npy").shape, ElementsAre(200, 32, 32, 3));
  NumberArray spectrograms = read_npy(data / "toyadmos_ad01/ad01_f32_42x200x128.npy");
  EXPECT_THAT(spectrograms.shape, ElementsAre(42, 200, 128));
  auto [low, high] = std::minmax_element(spectrograms.values.begin(), spectrograms.values.end());
  EXPECT_NEAR(*low, -80.59442, 0.00001);
  EXPECT_NEAR(*high, 10.222376, 0.000001);
}

}  // namespace
}  // namespace netsurf
