#include "models/gzip.h"

#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "tests/models/expect_error.h"
#include "tests/models/pack.h"
#include "tests/support/temp_dir.h"

namespace netsurf {
namespace {

TEST(Gzip, ContentComesBack) {
  std::string content;
  for (int i = 0; i < 100000; ++i) content += std::to_string(i * 7919);
  EXPECT_EQ(gunzip(gzip(content), "f.gz", content.size()), content);
  EXPECT_EQ(gunzip(gzip(""), "f.gz", 0), "");
}

TEST(Gzip, MembersAreJoinedAndZeroPaddingIsAllowed) {
  EXPECT_EQ(gunzip(gzip("one ") + gzip("two") + std::string(512, '\0'), "f.gz", 100), "one two");
}

TEST(Gzip, ManySmallMembersAreJoined) {
  std::string packed, content;
  for (int i = 0; i < 2000; ++i) {
    std::string piece = i % 3 == 0 ? "" : std::to_string(i);
    packed += gzip(piece);
    content += piece;
  }
  EXPECT_EQ(gunzip(packed, "f.gz", content.size()), content);
  EXPECT_THROW(gunzip(packed, "f.gz", content.size() - 1), FormatError);
}

TEST(Gzip, ABombIsRefusedAtTheCap) {
  std::string bomb = gzip(std::string(50'000'000, 'x'));
  ASSERT_LT(bomb.size(), 100'000u);
  expect_error<FormatError>([&] { gunzip(bomb, "bomb.gz", 1'000'000); },
                            {"bomb.gz", "larger than the 1000000 bytes"});
  expect_error<FormatError>([&] { gunzip(gzip("ab") + gzip("cd"), "f.gz", 3); }, {"larger than the 3 bytes"});
}

TEST(Gzip, EveryTruncationIsRefused) {
  std::string whole = gzip("the quick brown fox jumps over the lazy dog");
  for (size_t size = 2; size < whole.size(); ++size) {
    expect_error<FormatError>([&] { gunzip(whole.substr(0, size), "f.gz", 1000); }, {"f.gz", "truncated"});
  }
}

TEST(Gzip, CorruptionAndTrailingBytesAreRefused) {
  std::string corrupt = gzip("the quick brown fox jumps over the lazy dog");
  corrupt[corrupt.size() - 6] ^= 1;  // the checksum
  expect_error<FormatError>([&] { gunzip(corrupt, "f.gz", 1000); },
                            {"f.gz", "corrupt", "incorrect data check"});
  expect_error<FormatError>([&] { gunzip(gzip("a") + "tail", "f.gz", 1000); },
                            {"4 bytes after the gzip content"});
  expect_error<FormatError>([&] { gunzip("plain", "f.gz", 1000); }, {"not gzip"});
}

TEST(Gzip, FilesAreReadPlainOrZipped) {
  TempDir folder;
  EXPECT_EQ(read_plain_or_gzip(folder.write("a", "plain"), 100), "plain");
  EXPECT_EQ(read_plain_or_gzip(folder.write("b", gzip("zipped")), 100), "zipped");
  EXPECT_THROW(read_plain_or_gzip(folder.path() / "none", 100), InputError);
}

}  // namespace
}  // namespace netsurf
