// Every wrong request gets one clear line and exit code 2 (or 1 when a file is at fault), and no crash.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/apps/program_runner.h"
#include "tests/support/temp_dir.h"

namespace netsurf {
namespace {

using testing::HasSubstr;

struct BadRequest {
  std::string line;
  int code;
  std::string says;
};

void PrintTo(const BadRequest& request, std::ostream* out) { *out << "netsurf " << request.line; }

class BadRequests : public testing::TestWithParam<BadRequest> {};

TEST_P(BadRequests, GetOneClearLine) {
  Ran ran = run(GetParam().line);
  EXPECT_EQ(ran.code, GetParam().code);
  EXPECT_THAT(ran.err, HasSubstr(GetParam().says));
  EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
  EXPECT_EQ(ran.out, "");
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadRequests,
    testing::Values(
        BadRequest{"rnu", 2, "unknown command \"rnu\"; did you mean \"run\"?"},
        BadRequest{"gui", 2, "not built yet"},
        BadRequest{"run --benchmrk digits_mlp", 2, "did you mean --benchmark?"},
        BadRequest{"run --benchmark mnist_fn", 2, "did you mean \"mnist_fnn\"?"},
        BadRequest{"run --method bitwise_mbs", 2, "did you mean \"bitwise_msb\"?"},
        BadRequest{"run --method hirescam", 2, "weight_abs_value"},
        BadRequest{"run --method hessian", 2, "bitwise_msb"},
        BadRequest{"run --method random --ber_range 1.2", 2, "bit error rate \"1.2\" is outside [0, 1]"},
        BadRequest{"run --method random --ber_range nan", 2, "bit error rate \"nan\" is not a number"},
        BadRequest{"run --method random --protection_range -0.1", 2, "protection \"-0.1\" is outside [0, 1]"},
        BadRequest{"run --method random --ber_range", 2, "needs a value"},
        BadRequest{"run --method random --ber_range ,", 2, "empty"},
        BadRequest{"run --quantization q<6,0>", 2, "q<6,0,1>"},
        BadRequest{"run --quantization q<0,0,1>", 2, "1 to 32"},
        BadRequest{"run --quantization q<40,2,1>", 2, "1 to 32"},
        BadRequest{"run --prune 1.5", 2, "pruning factor \"1.5\" is outside [0, 1]"},
        BadRequest{"run --prune 1", 2, "leaves no weights"},
        BadRequest{"run --num_reps 0", 2, "--num_reps 0"},
        BadRequest{"run --fault_model bernouli", 2, "did you mean \"bernoulli\"?"},
        BadRequest{"run --design rotating", 2, "unknown design"},
        BadRequest{"run --metrics accurcy", 2, "did you mean \"accuracy\"?"},
        BadRequest{"run --gui", 2, "not built yet"},
        BadRequest{"train --threads many", 2, "--threads \"many\" is not a whole number"},
        BadRequest{"rank --method random", 2, "--model is missing"},
        BadRequest{"sweep", 2, "--model is missing"},
        BadRequest{"sweep --model no-such.onnx", 2, "no such file: no-such.onnx"},
        BadRequest{"export no-such.sqlite", 2, "no-such.sqlite"},
        BadRequest{"replay no-such.sqlite --cell a --trial 0", 2, "no-such.sqlite"},
        BadRequest{"replay results.sqlite", 2, "--cell"},
        BadRequest{"data", 2, "list, get NAME or show NAME"},
        BadRequest{"data gte mnist", 2, "did you mean \"get\"?"}, BadRequest{"data get nothing", 2, "mnist"},
        BadRequest{"data show mnist --datasets_dir no-such-folder", 2, "no-such-folder"},
        BadRequest{"show no_such_benchmark", 2, "no_such_benchmark"},
        BadRequest{"bench", 2, "--model is missing"}, BadRequest{"run --seed -1", 2, "--seed"}));

TEST(BadFiles, AreRefusedByWhatTheyAre) {
  TempDir folder;
  std::string model = folder.write("model.onnx", "not a model").string();
  std::string ranking = folder.write("ranking.npz", "not a ranking").string();
  std::string store =
      folder.write("results.sqlite", "not a store, but long enough to look like a file of some kind")
          .string();
  for (const std::string& line :
       {"sweep --model " + model, "show " + ranking, "show " + store, "export " + store}) {
    Ran ran = run(line);
    EXPECT_EQ(ran.code, 1) << line;
    EXPECT_THAT(ran.err, HasSubstr(folder.path().string())) << line;
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
  }
  EXPECT_EQ(read_file(store, 1000), "not a store, but long enough to look like a file of some kind");
}

}  // namespace
}  // namespace netsurf
