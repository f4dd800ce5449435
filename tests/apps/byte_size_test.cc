#include "apps/byte_size.h"

#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "tests/models/expect_error.h"

namespace netsurf {
namespace {

TEST(ByteSize, KnowsBinaryMultiplesInEitherCase) {
  EXPECT_EQ(parse_bytes("0", "size"), 0u);
  EXPECT_EQ(parse_bytes("65536", "size"), 65536u);
  EXPECT_EQ(parse_bytes("64K", "size"), 65536u);
  EXPECT_EQ(parse_bytes("256m", "size"), uint64_t{256} << 20);
  EXPECT_EQ(parse_bytes("2G", "size"), uint64_t{2} << 30);
  EXPECT_EQ(parse_bytes("1048576T", "size"), uint64_t{1} << 60);
}

TEST(ByteSize, RefusesWhatIsNoSize) {
  for (const char* text : {"", "M", "5X", "5MB", "5 M", "-1", "+1", "1.5G", "0x10", "1e6"})
    expect_error<InputError>([&] { parse_bytes(text, "--size"); }, {"--size", "is not a size", "256M"});
}

TEST(ByteSize, RefusesMoreThanAnyMachineHas) {
  for (const char* text :
       {"1048577T", "1152921504606846977", "99999999999999999999", "18446744073709551615T"})
    expect_error<InputError>([&] { parse_bytes(text, "--size"); }, {"--size", "out of range"});
}

}  // namespace
}  // namespace netsurf
