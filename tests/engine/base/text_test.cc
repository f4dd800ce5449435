#include "engine/base/text.h"

#include <gtest/gtest.h>

#include <array>

#include "engine/base/error.h"
#include "tests/models/expect_error.h"

namespace netsurf {
namespace {

const std::array<std::string, 4> kWords = {"bernoulli", "exact", "coverage", "list"};

int64_t whole(std::string_view text, int64_t low = INT64_MIN, int64_t high = INT64_MAX) {
  return parse_integer(text, "trials", low, high);
}

TEST(Text, TrimDropsBlanksAtBothEndsOnly) {
  EXPECT_EQ(trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(trim(" \n"), "");
  EXPECT_EQ(trim(""), "");
}

TEST(Text, SplitDropsEmptyPieces) {
  EXPECT_EQ(split("a, b,,c ", ", "), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_TRUE(split(",,", ",").empty());
  EXPECT_TRUE(split("", ",").empty());
  EXPECT_EQ(split("abc", ""), (std::vector<std::string>{"abc"}));
}

TEST(Text, JoinUndoesSplit) {
  EXPECT_EQ(join(split("a,b,c", ","), ","), "a,b,c");
  EXPECT_EQ(join({}, ","), "");
}

TEST(Text, TheNearestWordIsSuggestedUnlessItIsFarAway) {
  EXPECT_EQ(nearest_word("bernouli", kWords), "bernoulli");
  EXPECT_EQ(nearest_word("convergae", kWords), "coverage");
  EXPECT_EQ(nearest_word("lsit", kWords), "list");
  EXPECT_EQ(nearest_word("gaussian", kWords), "");
  EXPECT_EQ(nearest_word("x", {}), "");
}

TEST(Text, AnUnknownWordIsAnsweredWithASuggestionAndTheKnownOnes) {
  std::string message = unknown_word_message("fault model", "exakt", kWords);
  EXPECT_EQ(
      message,
      "unknown fault model \"exakt\"; did you mean \"exact\"? (known: bernoulli, exact, coverage, list)");
  EXPECT_EQ(unknown_word_message("fault model", "gaussian", kWords).find("did you mean"), std::string::npos);
}

TEST(Text, WholeNumbersMayHaveUnderscoresAndExponents) {
  EXPECT_EQ(whole("1_000_000"), 1000000);
  EXPECT_EQ(whole("1e6"), 1000000);
  EXPECT_EQ(whole("-12"), -12);
  EXPECT_EQ(whole("2.5e1"), 25);
  EXPECT_EQ(whole("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(whole("-9223372036854775808"), INT64_MIN);
}

TEST(Text, OtherNumbersAreRefused) {
  for (const char* text :
       {"", "_", "x", "1.5", "1e", "0x10", "1 000", " 1", "1 ", "nan", "inf", "-inf", "1e400",
        "9223372036854775808", "99999999999999999999", "1e19", "--1", "1e-1", "1,000"}) {
    EXPECT_THROW(whole(text), InputError) << '"' << text << '"';
  }
  expect_error<InputError>([] { whole("11", 1, 10); }, {"trials", "\"11\"", "out of range", "from 1 to 10"});
  expect_error<InputError>([] { whole("ten", 1, 10); }, {"\"ten\"", "not a whole number"});
  EXPECT_EQ(whole("10", 1, 10), 10);
  EXPECT_EQ(whole("1", 1, 10), 1);
}

TEST(Text, RealNumbersAreFiniteAndInRange) {
  EXPECT_EQ(parse_real("0.25", "rate", 0, 1), 0.25);
  EXPECT_EQ(parse_real("-1e-3", "rate", -1, 1), -1e-3);
  for (const char* text : {"", "nan", "inf", "1e999", "0.1x", "1.01", "-0.01", " 0.5"}) {
    EXPECT_THROW(parse_real(text, "rate", 0, 1), InputError) << '"' << text << '"';
  }
  expect_error<InputError>([] { parse_real("2", "rate", 0, 1); },
                           {"rate", "\"2\"", "out of range", "from 0 to 1"});
}

TEST(Text, DurationsReadWell) {
  EXPECT_EQ(duration_text(0), "0.0 s");
  EXPECT_EQ(duration_text(12.34), "12.3 s");
  EXPECT_EQ(duration_text(245), "4 min 05 s");
  EXPECT_EQ(duration_text(3 * 3600 + 10 * 60), "3 h 10 min");
  EXPECT_EQ(duration_text(-1), "?");
  EXPECT_EQ(duration_text(std::numeric_limits<double>::quiet_NaN()), "?");
  EXPECT_FALSE(duration_text(std::numeric_limits<double>::infinity()).empty());
}

}  // namespace
}  // namespace netsurf
