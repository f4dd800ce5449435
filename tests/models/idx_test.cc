#include "models/idx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "tests/models/expect_error.h"
#include "tests/models/pack.h"
#include "tests/support/temp_dir.h"

namespace netsurf {
namespace {

using ::testing::ElementsAre;

TEST(Idx, ImagesAndLabelsAreReadAsNumbers) {
  NumberArray images = parse_idx(idx_file({2, 1, 2}, std::string("\x00\x01\x7f\xff", 4)), "f", 3);
  EXPECT_THAT(images.shape, ElementsAre(2, 1, 2));
  EXPECT_THAT(images.values, ElementsAre(0, 1, 127, 255));
  EXPECT_TRUE(images.is_integer);
  EXPECT_THAT(parse_idx(idx_file({3}, "\x03\x01\x02"), "f", 1).values, ElementsAre(3, 1, 2));
  EXPECT_THAT(parse_idx(idx_file({1, 2, 1, 1}, "ab"), "f").shape, ElementsAre(1, 2, 1, 1));
}

TEST(Idx, WrongMagicIsRefusedWithBothMagics) {
  std::string labels = idx_file({3}, "abc");
  expect_error<FormatError>([&] { parse_idx(labels, "train-images", 3); },
                            {"train-images", "byte 0", "magic 2049", "expected 2051"});
  expect_error<FormatError>([&] { parse_idx("PK\x03\x04 and so on", "f", 1); }, {"expected 2049"});
  std::string floats = labels;
  floats[2] = 0x0d;
  expect_error<FormatError>([&] { parse_idx(floats, "f"); }, {"magic 3329"});
  expect_error<FormatError>([&] { parse_idx(idx_file({1, 1, 1, 1, 1}, "a"), "f"); }, {"magic 2053"});
}

TEST(Idx, TruncatedFileIsRefusedWithItsSizes) {
  std::string whole = idx_file({2, 2, 2}, "abcdefgh");
  expect_error<FormatError>([&] { parse_idx(whole.substr(0, 20), "f", 3); },
                            {"f: byte 16", "2x2x2 values", "found 4 bytes", "truncated"});
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_THROW(parse_idx(whole.substr(0, size), "f", 3), FormatError) << size;
  }
}

TEST(Idx, OversizedHeaderIsRefusedWithoutAllocating) {
  std::string huge = idx_file({0xffffffff, 0xffffffff, 0xffffffff}, "abc");
  expect_error<FormatError>([&] { parse_idx(huge, "f", 3); },
                            {"4294967295x4294967295x4294967295", "found 3 bytes"});
}

TEST(Idx, BytesLeftOverAreRefused) {
  expect_error<FormatError>([&] { parse_idx(idx_file({2}, "abc"), "f", 1); },
                            {"found 3 bytes", "more than expected"});
}

TEST(Idx, FilesAreReadPlainOrZippedAndMissingOnesAreNamed) {
  TempDir folder;
  EXPECT_THAT(read_idx(folder.write("a", idx_file({1}, "a")), 1).values, ElementsAre('a'));
  EXPECT_THAT(read_idx(folder.write("a.gz", gzip(idx_file({1}, "a"))), 1).values, ElementsAre('a'));
  expect_error<InputError>([&] { read_idx(folder.path() / "none.gz"); }, {"none.gz"});
}

TEST(Idx, MnistTestHalfHasItsHistogram) {
  std::filesystem::path folder = std::filesystem::path(NETSURF_SHARED_DIR) / "data/mnist";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no " << folder;
  NumberArray labels = read_idx(folder / "t10k-labels-idx1-ubyte.gz", 1);
  std::vector<int> histogram(10);
  for (float label : labels.values) ++histogram.at(static_cast<size_t>(label));
  EXPECT_THAT(histogram, ElementsAre(980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009));
  EXPECT_THAT(read_idx(folder / "t10k-images-idx3-ubyte.gz", 3).shape, ElementsAre(10000, 28, 28));
}

}  // namespace
}  // namespace netsurf
