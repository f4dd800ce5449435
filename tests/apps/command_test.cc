#include "apps/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/option_groups.h"
#include "engine/base/error.h"

namespace netsurf {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Words = std::vector<std::string>;

Command sample_command() {
  return {"sample",
          "a command for tests",
          "",
          {{"rate", "R", "0.1", "rates", true, "r"},
           {"count", "N", "7", "a number", false, "n"},
           {"until_done", "W", "", "a width"},
           {"loud", "", "", "a switch"}},
          {"netsurf sample"},
          nullptr};
}

std::string message_of(const Words& words) {
  try {
    sample_command().parse(words);
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Command, ListsTakeBlanksCommasAndRepetitions) {
  EXPECT_THAT(sample_command().parse(Words{"--rate", "1", "2", "--loud"}).list("rate"),
              ElementsAre("1", "2"));
  EXPECT_THAT(sample_command().parse(Words{"--rate=1,2", "-r", "3"}).list("rate"),
              ElementsAre("1", "2", "3"));
  EXPECT_THAT(sample_command().parse(Words{"-r", "1", "2", "-r", "3"}).occurrences("rate"),
              ElementsAre(Words{"1", "2"}, Words{"3"}));
}

TEST(Command, DefaultsStandWhereNothingIsGiven) {
  Arguments arguments = sample_command().parse(Words{});
  EXPECT_EQ(arguments.integer("count", 0, 10), 7);
  EXPECT_THAT(arguments.list("rate"), ElementsAre("0.1"));
  EXPECT_FALSE(arguments.has("count"));
  EXPECT_FALSE(arguments.flag("loud"));
}

TEST(Command, NegativeNumbersAreValues) {
  EXPECT_EQ(sample_command().parse(Words{"--count", "-1"}).integer("count", -1, 9), -1);
}

TEST(Command, HyphensAndUnderscoresAreTheSame) {
  EXPECT_EQ(sample_command().parse(Words{"--until-done", "3"}).text("until_done"), "3");
}

TEST(Command, MistakesAreNamedWithARemedy) {
  EXPECT_THAT(message_of({"--rat", "1"}), HasSubstr("unknown option --rat; did you mean --rate?"));
  EXPECT_THAT(message_of({"--count"}), HasSubstr("option --count needs a value"));
  EXPECT_THAT(message_of({"--loud=3"}), HasSubstr("is a switch"));
  EXPECT_THAT(message_of({"stray"}), HasSubstr("does not know what to do with \"stray\""));
  EXPECT_THAT(message_of({"--rate="}), HasSubstr("needs a value"));
  EXPECT_THAT(message_of({"--rate", ","}), HasSubstr("empty"));
}

TEST(Command, ASettingGivenTwiceWithTwoValuesIsRefused) {
  EXPECT_THAT(message_of({"--count", "5", "-n", "7"}), HasSubstr("--count was given twice, as 5 and as 7"));
  EXPECT_EQ(message_of({"--count", "5", "-n", "5", "--loud", "--loud"}), "accepted");
}

TEST(Command, TheLineIsKeptAsItWasGiven) {
  EXPECT_EQ(sample_command().parse(Words{"--rate", "1", "2", "--loud"}).command_line(),
            "netsurf sample --rate 1 2 --loud");
  EXPECT_EQ(sample_command().parse(Words{}).command_line(), "netsurf sample");
}

Arguments study_arguments(const Words& words) {
  Command command{"study",
                  "",
                  "",
                  join_options({training_options(),
                                ranking_options(),
                                fault_options(),
                                machine_options(),
                                {{"seed", "N", "1", "seed"}}}),
                  {},
                  nullptr};
  return command.parse(words);
}

TEST(Options, BothSpellingsOfAQuantizationMeanTheSame) {
  Format expected{6, 0, true};
  EXPECT_EQ(quantization_of(study_arguments({"--quantization", "q<6,0,1>"})), expected);
  EXPECT_EQ(quantization_of(study_arguments({"--quantization", "q6_0_1"})), expected);
  EXPECT_EQ(quantization_of(study_arguments({"--bits_config", "num_bits=6", "integer=0"})), expected);
  EXPECT_EQ(quantization_of(study_arguments({})), std::nullopt);
  EXPECT_THROW(quantization_of(study_arguments({"--bits_config", "num_bits=6"})), InputError);
  EXPECT_THROW(quantization_of(study_arguments(
                   {"--bits_config", "num_bits=6", "integer=0", "--quantization", "q<8,0,1>"})),
               InputError);
}

TEST(Options, MethodsTakeOldNamesSuffixesAndKeywords) {
  auto methods =
      methods_of(study_arguments({"--method", "weight_abs_val", "--method", "bitwise", "--method_suffix", "a",
                                  "b", "--method_kws", "order=global", "--method_kws", "order=planes"}));
  ASSERT_EQ(methods.size(), 2u);
  EXPECT_EQ(methods[0].method, "weight_abs_value");
  EXPECT_EQ(methods[0].order, OrderMode::global);
  EXPECT_EQ(methods[1].method, "bitwise_msb");
  EXPECT_EQ(methods[1].suffix, "b");
  EXPECT_GT(methods_of(study_arguments({"--method", "all"})).size(), 5u);
  EXPECT_EQ(methods_of(study_arguments({"--method", "random", "all", "random"})).size(),
            methods_of(study_arguments({"--method", "all"})).size())
      << "each once";
  EXPECT_THROW(methods_of(study_arguments({"--method", "random", "--method_suffix", "a", "b"})), InputError);
  EXPECT_THROW(methods_of(study_arguments({"--method", "random", "--method_kws", "orde=global"})),
               InputError);
}

TEST(Options, MinusOneRepetitionsMeanOnePassOfCoverage) {
  StudyRequest study = study_of(study_arguments({"--num_reps", "-1"}));
  EXPECT_EQ(study.faults.model, FaultModel::coverage);
  EXPECT_EQ(study.stop_rule.kind, StopRule::Kind::one_pass);
  EXPECT_THROW(study_of(study_arguments({"--num_reps", "0"})), InputError);
}

TEST(Options, RangesAreSortedAndEachValueOnce) {
  StudyRequest study =
      study_of(study_arguments({"--ber_range", "1e-2", "0.001", "0.01", "--protection_range", "0.5,0"}));
  ASSERT_EQ(study.bit_error_rates.size(), 2u);
  EXPECT_EQ(study.bit_error_rates[0].text(), "0.001");
  EXPECT_EQ(study.protections[1].text(), "0.5");
}

}  // namespace
}  // namespace netsurf
