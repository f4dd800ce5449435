// What a method's settings accept, and how they are spelled afterwards.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "engine/rank/ranker.h"

namespace netsurf {
namespace {

using testing::HasSubstr;
using Kind = RankerOption::Kind;
using Words = std::map<std::string, std::string>;

constexpr std::array<RankerOption, 4> kOptions = {{
    {"pairs", Kind::integer, "3", 1, 100, "", ""},
    {"rate", Kind::real, "0.01", 0, 1, "", ""},
    {"mode", Kind::word, "same", 0, 0, "same other", ""},
    {"ascending", Kind::integer, "0", 0, 1, "", ""},
}};

std::string message_of(const Words& words, std::span<const RankerOption> options = kOptions) {
  try {
    RankerSettings("mine", options, words);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no InputError";
}

TEST(RankerSettings, EveryOptionHasAValue) {
  RankerSettings settings("mine", kOptions, {{"pairs", "7"}});
  EXPECT_EQ(settings.integer("pairs"), 7);
  EXPECT_EQ(settings.real("rate"), 0.01);
  EXPECT_EQ(settings.word("mode"), "same");
  EXPECT_FALSE(settings.is_empty());
  EXPECT_TRUE(RankerSettings().is_empty());
}

TEST(RankerSettings, TheTextNamesWhatDiffersInOneSpelling) {
  EXPECT_EQ(RankerSettings("mine", kOptions, {}).text(), "");
  EXPECT_EQ(RankerSettings("mine", kOptions, {{"pairs", "3"}, {"rate", "1e-2"}}).text(), "");
  RankerSettings settings("mine", kOptions, {{"rate", "5e-1"}, {"mode", "other"}, {"pairs", "1e1"}});
  EXPECT_EQ(settings.text(), "mode=other pairs=10 rate=0.5");
  EXPECT_EQ(settings,
            RankerSettings("mine", kOptions, {{"rate", "0.5"}, {"mode", "other"}, {"pairs", "10"}}));
}

TEST(RankerSettings, SwitchesAreReadAsPythonSpellsThem) {
  EXPECT_EQ(RankerSettings("mine", kOptions, {{"ascending", "True"}}).integer("ascending"), 1);
  EXPECT_EQ(RankerSettings("mine", kOptions, {{"ascending", "False"}}).text(), "");
  EXPECT_THAT(message_of({{"pairs", "True"}}), HasSubstr("pairs"));
}

TEST(RankerSettings, MistakesAreNamed) {
  EXPECT_THAT(message_of({{"pairz", "3"}}), HasSubstr("did you mean \"pairs\"?"));
  EXPECT_THAT(message_of({{"pairs", "many"}}), HasSubstr("method mine: pairs"));
  EXPECT_THAT(message_of({{"pairs", "0"}}), HasSubstr("method mine: pairs"));
  EXPECT_THAT(message_of({{"pairs", "101"}}), HasSubstr("100"));
  EXPECT_THAT(message_of({{"rate", "nan"}}), HasSubstr("rate"));
  EXPECT_THAT(message_of({{"mode", "sane"}}), HasSubstr("did you mean \"same\"?"));
  EXPECT_THAT(message_of({{"pairs", "3"}}, {}), HasSubstr("has no settings of its own"));
}

TEST(RankerSettings, EveryRowsDefaultsAreItsOwnValues) {
  for (const RankerRow& row : rankers()) {
    RankerSettings settings(row.name, row.options, {});
    EXPECT_EQ(settings.text(), "") << row.name;
    for (const RankerOption& option : row.options) EXPECT_FALSE(option.help.empty()) << option.name;
  }
}

}  // namespace
}  // namespace netsurf
