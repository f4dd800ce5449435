#include "tests/models/expect_error.h"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include "engine/base/error.h"

namespace netsurf {
namespace {

TEST(ExpectError, FailsWhenNothingOrSomethingElseIsThrown) {
  EXPECT_NONFATAL_FAILURE(expect_error<FormatError>([] {}, {}), "nothing was thrown");
  EXPECT_NONFATAL_FAILURE(expect_error<FormatError>([] { throw InputError("a"); }, {}),
                          "another kind of error");
}

TEST(ExpectError, FailsWhenTheTextLacksAPieceOrIsTwoLines) {
  auto call = [] { throw FormatError("file: byte 3"); };
  expect_error<FormatError>(call, {"file", "byte 3"});
  EXPECT_NONFATAL_FAILURE(expect_error<FormatError>(call, {"file", "byte 4"}), "no \"byte 4\"");
  EXPECT_NONFATAL_FAILURE(expect_error<FormatError>([] { throw FormatError("two\nlines"); }, {}), "two");
}

}  // namespace
}  // namespace netsurf
