#include "engine/base/digest.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "engine/base/error.h"
#include "tests/support/temp_dir.h"

namespace netsurf {
namespace {

std::string of_text(std::string_view text) { return Digest().add(text).hex(); }

TEST(Digest, FilesHaveThePublishedHashes) {
  TempDir folder;
  EXPECT_EQ(sha256_of_file(folder.write("empty", "").string()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_of_file(folder.write("abc", "abc").string()),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_of_file(folder.write("million", std::string(1000000, 'a')).string()),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Digest, AFileThatCannotBeReadIsAnError) {
  TempDir folder;
  EXPECT_THROW(sha256_of_file((folder.path() / "none").string()), RunError);
  EXPECT_THROW(sha256_of_file(folder.path().string()), RunError);
}

TEST(Digest, AFieldIsItsLengthAndItsBytes) {
  // The bytes 8 zero-extended to 64 bits, then "netsurf!": computed with another SHA-256.
  EXPECT_EQ(of_text("netsurf!"), "fa74790fc2f55ef863cd75f65d731c2aa0c050d1aead7ddece62a11b38884a06");
  EXPECT_EQ(Digest().add(int64_t{-2}).add("x").hex(),
            "1c56f686837cbf6bf3744562899496c59d115fced1c15ac07d463972e7e8244f");
  EXPECT_EQ(Digest().add(int64_t{-2}).add("x").first_64_bits(), 7764061186956875292u);
}

TEST(Digest, DifferentFieldListsNeverRunTogether) {
  std::vector<int32_t> one = {1}, two = {1, 2};
  std::set<std::string> all = {
      of_text("ab"),
      Digest().add("a").add("b").hex(),
      Digest().add("ab").add("").hex(),
      Digest().add("").add("ab").hex(),
      Digest().hex(),
      of_text(""),
      Digest().add("").add("").hex(),
      Digest().add(std::span<const int32_t>(two)).hex(),
      Digest().add(std::span<const int32_t>(one)).add(std::span<const int32_t>(two).subspan(1)).hex(),
      Digest().add(std::span<const int32_t>(one)).hex(),
      Digest().add(int64_t{1}).hex(),
  };
  EXPECT_EQ(all.size(), 11u);
}

TEST(Digest, AWordOfTheSourceIsTextAndNotANumber) {
  EXPECT_EQ(Digest().add("text").hex(), Digest().add(std::string_view("text")).hex());
  EXPECT_EQ(Digest().add(std::string("text")).hex(), of_text("text"));
}

}  // namespace
}  // namespace netsurf
