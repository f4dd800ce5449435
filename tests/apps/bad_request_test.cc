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
        BadRequest{"run --method hessian --method_kws eigen_k_tpo=4", 2, "did you mean \"eigen_k_top\"?"},
        BadRequest{"run --method grad --method_kws ascending=maybe", 2, "method grad: ascending"},
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
        BadRequest{"predict", 2, "--model is missing"},
        BadRequest{"predict --model no-such.onnx", 2, "no such file: no-such.onnx"},
        BadRequest{"predict --model m.onnx --protection_range 0.2", 2, "give --ranking FILE"},
        BadRequest{"predict --model m.onnx --ber_range 2", 2, "bit error rate \"2\" is outside [0, 1]"},
        BadRequest{"predict --model m.onnx --plot curves.pdf", 2, "a picture is .png or .svg"},
        BadRequest{"predict --model m.onnx --split tset", 2, "did you mean \"test\"?"},
        BadRequest{"export no-such.sqlite", 2, "no-such.sqlite"},
        BadRequest{"replay no-such.sqlite --cell a --trial 0", 2, "no-such.sqlite"},
        BadRequest{"replay results.sqlite", 2, "--cell"},
        BadRequest{"data", 2, "list, get NAME or show NAME"},
        BadRequest{"data gte mnist", 2, "did you mean \"get\"?"}, BadRequest{"data get nothing", 2, "mnist"},
        BadRequest{"data show mnist --datasets_dir no-such-folder", 2, "no-such-folder"},
        BadRequest{"show no_such_benchmark", 2, "no_such_benchmark"},
        BadRequest{"bench", 2, "--model is missing"}, BadRequest{"run --seed -1", 2, "--seed"},
        BadRequest{"run --model_prefix a/b", 2, "--model_prefix \"a/b\""},
        BadRequest{"run --model_prefix ..", 2, "--model_prefix \"..\""},
        BadRequest{"run --method random --method_suffix ../x", 2, "--method_suffix \"../x\""},
        BadRequest{"run --method random --until_halfwidth 0.1 --num_reps 3", 2,
                   "--num_reps would have no effect"},
        BadRequest{"run --method random --max_trials 100", 2, "--max_trials would have no effect"},
        BadRequest{"run --method random --faults f --num_reps 3", 2, "--num_reps would have no effect"},
        BadRequest{"run --method random --faults f --until_halfwidth 0.1", 2, "--until_halfwidth would have"},
        BadRequest{"run --method random --faults f --ber_range 0.1", 2, "--ber_range would have no effect"},
        BadRequest{"run --method random --faults f --fault_model exact", 2, "--fault_model says exact"},
        BadRequest{"run --method random --faults no-such-lists", 2, "no such file: no-such-lists"},
        BadRequest{"run --method random --fault_model list", 2, "give --faults FILE"},
        BadRequest{"run --method random --fault_model exact --design rotation", 2, "not with exact"},
        BadRequest{"run --method random --fault_model bernoulli --num_reps -1", 2, "has no passes"},
        BadRequest{"run --method random --split tset", 2, "did you mean \"test\"?"},
        BadRequest{"run --bits_config num_bits=6 integer=0 num_bits=7", 2, "num_bits twice"},
        BadRequest{"train --output m.onnx --model_prefix a", 2, "--model_prefix would have no effect"},
        BadRequest{"train --output m.onnx --benchmarks_dir a", 2, "--benchmarks_dir would have no effect"},
        BadRequest{"export model.onnx --output x.onnx --format trials", 2, "--format is for results"},
        BadRequest{"export results.sqlite --strict", 2, "--strict is for models"},
        BadRequest{"data list --mirror http://x", 2, "--mirror would have no effect"},
        BadRequest{"data show digits --mirror http://x", 2, "--mirror would have no effect"},
        BadRequest{"run --benchmark digits_mlp digits_mlp", 2, "twice"},
        BadRequest{"run --num_reps 5 --num_reps 7", 2, "given twice, as 5 and as 7"},
        BadRequest{"run --benchmark /", 2, "/ is a folder"}, BadRequest{"show /", 2, "/ is a folder"},
        BadRequest{"run --path dens", 2, "did you mean \"dense\"?"},
        BadRequest{"run --isa sse9", 2,
                   "instruction set \"sse9\" is not available here; this machine has portable"},
        BadRequest{"run --cache-memory 5X", 2, "--cache_memory \"5X\" is not a size"},
        BadRequest{"run --audit 1.1", 2, "--audit \"1.1\" is outside [0, 1]"},
        BadRequest{"run --path plain --isa portable", 2, "--isa would have no effect with --path plain"},
        BadRequest{"run --path plain --cache_memory 1G", 2, "--cache_memory would have no effect"},
        BadRequest{"run --path plain --audit 0.1", 2, "--audit would have no effect"},
        BadRequest{"bench --planner --path delta", 2, "--path would have no effect with --planner"},
        BadRequest{"bench --planner --dataset d.npz", 2, "--dataset would have no effect"},
        BadRequest{"bench --planner --split train", 2, "--split would have no effect"},
        BadRequest{"bench --model m.onnx --json", 2, "--json would have no effect without --planner"},
        BadRequest{"bench --model m.onnx --protection_range 0", 2, "--protection_range would have no effect"},
        BadRequest{"help run train", 2, "not also \"train\""}, BadRequest{"--version now", 2, "not \"now\""},
        BadRequest{"show \x1b[31mred\n\xff", 2, "\"\\x1b[31mred\\n\\xff\""}));

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
