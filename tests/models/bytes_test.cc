#include "models/bytes.h"

#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "tests/models/expect_error.h"

namespace netsurf {
namespace {

TEST(ByteReader, ReadsNumbersInBothByteOrders) {
  ByteReader reader(std::string_view("\x01\x02\x03\x04\x01\x02\x03\x04\x01\x02\xff", 11), "f");
  EXPECT_EQ(reader.take_u32_big("x"), 0x01020304u);
  EXPECT_EQ(reader.take_u32_little("x"), 0x04030201u);
  EXPECT_EQ(reader.take_u16_little("x"), 0x0201u);
  EXPECT_EQ(reader.take_u8("x"), 255u);
  EXPECT_EQ(reader.remaining(), 0u);
  EXPECT_NO_THROW(reader.expect_end("x"));
}

TEST(ByteReader, RefusesToReadPastTheEndAndSaysWhere) {
  ByteReader reader("abc", "some.bin");
  reader.take(1, "the first");
  expect_error<FormatError>([&] { reader.take_u32_big("the count"); },
                            {"some.bin", "byte 1", "the count needs 4 bytes", "found 2"});
}

TEST(ByteReader, RefusesBytesLeftOver) {
  ByteReader reader("abc", "some.bin");
  expect_error<FormatError>([&] { reader.expect_end("the header"); }, {"some.bin", "byte 0", "3 more bytes"});
}

TEST(BoundedProduct, NeverOverflows) {
  std::vector<int64_t> huge(8, INT64_MAX);
  EXPECT_EQ(bounded_product(huge, 100), 101u);
  EXPECT_EQ(bounded_product(std::vector<int64_t>{INT64_MAX, 2}, UINT64_MAX - 1), UINT64_MAX - 1);
  EXPECT_EQ(bounded_product(std::vector<int64_t>{2, 3}, 6), 6u);
  EXPECT_EQ(bounded_product(std::vector<int64_t>{2, 3}, 5), 6u);
  EXPECT_EQ(bounded_product(std::vector<int64_t>{INT64_MAX, INT64_MAX, 0}, 5), 0u);
  EXPECT_EQ(bounded_product(std::vector<int64_t>{-1, 3}, 5), 6u);
  EXPECT_EQ(bounded_product({}, 5), 1u);
}

TEST(QuotedText, ForeignTextStaysOneSafeLine) {
  EXPECT_EQ(quoted_text("a\nb\x1b[31m"), "\"a?b?[31m\"");
  EXPECT_EQ(quoted_text(std::string(50, 'x')), "\"" + std::string(40, 'x') + "...\"");
}

}  // namespace
}  // namespace netsurf
