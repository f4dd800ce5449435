#include "models/npz.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "tests/models/expect_error.h"
#include "tests/models/pack.h"
#include "tests/support/temp_dir.h"

namespace netsurf {
namespace {

using ::testing::ElementsAre;

std::string archive(const std::vector<std::pair<std::string, std::string>>& members) {
  TempDir folder;
  write_zip(folder.path() / "a.npz", members);
  return read_file(folder.path() / "a.npz", 1 << 20);
}

TEST(Npz, NamedArraysAreReadAndOthersAreNotEvenParsed) {
  std::string bytes = archive({{"x.npy", npy_array<float>("<f4", "(2,)", {1, 2})},
                               {"y.npy", npy_array<uint8_t>("|u1", "(1,)", {3})},
                               {"broken.npy", "no array"},
                               {"notes.txt", "hello"}});
  std::vector<std::string> keys = {"x", "y", "absent"};
  auto arrays = parse_npz(bytes, "a.npz", keys);
  ASSERT_EQ(arrays.size(), 2u);
  EXPECT_THAT(arrays["x"].values, ElementsAre(1, 2));
  EXPECT_THAT(arrays["y"].values, ElementsAre(3));
  expect_error<FormatError>([&] { parse_npz(bytes, "a.npz", {}); }, {"a.npz: array \"broken\"", "magic"});
}

TEST(Npz, ABombIsRefusedAtTheCapWhichAllArraysShare) {
  std::string array = npy_array<uint8_t>("|u1", "(100000,)", std::vector<uint8_t>(100000));
  std::string bytes = archive({{"a.npy", array}, {"b.npy", array}});
  ASSERT_LT(bytes.size(), 2000u);
  EXPECT_EQ(parse_npz(bytes, "f", {}, 2 * array.size()).size(), 2u);
  expect_error<FormatError>([&] { parse_npz(bytes, "f", {}, 2 * array.size() - 1); },
                            {"array \"b\"", "larger than"});
}

TEST(Npz, ASizeThatTheArchiveLiesAboutIsNotBelieved) {
  std::string array = npy_array<uint8_t>("|u1", "(1000,)", std::vector<uint8_t>(1000));
  std::string bytes = archive({{"a.npy", array}});
  std::string size(4, '\0');
  size[0] = static_cast<char>(array.size() & 0xff);
  size[1] = static_cast<char>(array.size() >> 8);
  size_t place = bytes.rfind(size);  // the uncompressed size in the central directory
  ASSERT_NE(place, std::string::npos);
  bytes[place + 3] = 0x7f;
  // libzip may notice the lie or inflate what is there; nothing of the claimed 2 GB may be allocated either
  // way.
  try {
    EXPECT_EQ(parse_npz(bytes, "f", {}, 2000).at("a").values.size(), 1000u);
  } catch (const FormatError&) {
  }
}

TEST(Npz, WhatIsNoArchiveIsRefused) {
  expect_error<FormatError>([&] { parse_npz("", "a.npz", {}); }, {"a.npz", "not a readable .npz"});
  expect_error<FormatError>([&] { parse_npz("PK\x03\x04 and so on", "a.npz", {}); },
                            {"a.npz", "not a readable .npz"});
  std::string bytes = archive({{"a.npy", npy_array<float>("<f4", "(2,)", {1, 2})}});
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THROW(parse_npz(bytes.substr(0, size), "f", {}), FormatError) << size;
  }
}

TEST(Npz, CorruptContentIsRefused) {
  std::vector<uint8_t> noise(1000);
  for (size_t i = 0; i < noise.size(); ++i) noise[i] = static_cast<uint8_t>(i * i * 31 >> 3);
  std::string bytes = archive({{"a.npy", npy_array<uint8_t>("|u1", "(1000,)", noise)}});
  bytes[bytes.size() / 2] ^= 1;
  EXPECT_THROW(parse_npz(bytes, "f", {}), FormatError);
}

}  // namespace
}  // namespace netsurf
