#include "models/benchmark_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "engine/base/error.h"
#include "tests/models/expect_error.h"

namespace netsurf {
namespace {

const std::string kHead =
    "name small\n"             // 1
    "dataset digits\n"         // 2
    "input_shape 8x8x1\n"      // 3
    "input_format q<5,1,0>\n"  // 4
    "loss cross_entropy\n"     // 5
    "optimizer adam\n"         // 6
    "learning_rate 1e-3\n"     // 7
    "batch_size 32\n"          // 8
    "epochs 3\n";              // 9
const std::string kLayers = "layer flatten\nlayer dense units=10\nlayer softmax\n";

void expect_refused(const std::string& text, std::initializer_list<std::string_view> pieces) {
  expect_error<InputError>([&] { parse_benchmark(text, "my.bench"); }, pieces);
}

TEST(BenchmarkFile, BuiltInsParseAndCarryTheirFileName) {
  std::vector<std::string> names = benchmark_names();
  EXPECT_EQ(names, (std::vector<std::string>{"digits_mlp", "mnist_fnn", "mnist_fnn_lite", "mnist_hls4ml",
                                             "mnist_lenet5"}));
  for (const std::string& name : names) {
    Benchmark benchmark = find_benchmark(name);
    EXPECT_EQ(benchmark.name, name);
    EXPECT_EQ(benchmark.quantization.text(), "q<6,0,1>");
    EXPECT_EQ(output_shapes(benchmark).back(), (Shape{10}));
  }
}

TEST(BenchmarkFile, TrainableNumbersAreTheOriginalsTotals) {
  EXPECT_EQ(num_trainable(find_benchmark("mnist_fnn_lite")), 7980);
  EXPECT_EQ(num_trainable(find_benchmark("mnist_fnn")), 51018);
  EXPECT_EQ(num_trainable(find_benchmark("mnist_hls4ml")), 11060);
  EXPECT_EQ(num_trainable(find_benchmark("mnist_lenet5")), 3317998);
}

TEST(BenchmarkFile, EveryKeyIsRead) {
  Benchmark b = parse_benchmark(
      "name all # a comment\ndataset d-1\ntask regression\ninput_shape 4\ninput_scale 1/256\ninput_offset "
      "-0.5\n"
      "input_format q<8,0,0>\nquantization q<7,2,1>\nloss mean_squared_error\noptimizer sgd\nlearning_rate "
      "0.25\n"
      "momentum 0.5\ndecay cosine\nlogit_scale 3\nbatch_size 7\nepochs 9\nbatch_norm fold\nmonitor accuracy\n"
      "early_stopping 2\nplateau_patience 3\nplateau_factor 0.5\nprune_start 1\nprune_end 5\nprune_frequency "
      "2\n"
      "layer dense units=3 bias=no l1=0.1 l2=0.2 name=a format=q<4,1,1>\nlayer relu from=a name=r\n"
      "layer add from=a,r\nlayer dropout rate=0.25\n",
      "f");
  EXPECT_EQ(b.name, "all");
  EXPECT_EQ(b.dataset, "d-1");
  EXPECT_EQ(b.task, Task::regression);
  EXPECT_EQ(b.input_shape, Shape{4});
  EXPECT_EQ(b.input_scale, 1.0 / 256);
  EXPECT_EQ(b.input_offset, -0.5);
  EXPECT_EQ(b.input_format, (Format{8, 0, false}));
  EXPECT_EQ(b.quantization, (Format{7, 2, true}));
  EXPECT_EQ(b.loss, LossKind::mean_squared_error);
  EXPECT_EQ(b.optimizer, OptimizerKind::sgd);
  EXPECT_EQ(b.learning_rate, 0.25);
  EXPECT_EQ(b.momentum, 0.5);
  EXPECT_EQ(b.decay, Decay::cosine);
  EXPECT_EQ(b.logit_scale, 3);
  EXPECT_EQ(b.batch_size, 7);
  EXPECT_EQ(b.epochs, 9);
  EXPECT_EQ(b.batch_norm, BatchNormMode::fold);
  EXPECT_EQ(b.monitor, Monitor::accuracy);
  EXPECT_EQ(b.early_stopping, 2);
  EXPECT_EQ(b.plateau_patience, 3);
  EXPECT_EQ(b.plateau_factor, 0.5);
  EXPECT_EQ(b.prune_start, 1);
  EXPECT_EQ(b.prune_end, 5);
  EXPECT_EQ(b.prune_frequency, 2);
  ASSERT_EQ(b.layers.size(), 4u);
  EXPECT_EQ(b.layers[0].units, 3);
  EXPECT_FALSE(b.layers[0].has_bias);
  EXPECT_EQ(b.layers[0].l1, 0.1);
  EXPECT_EQ(b.layers[0].l2, 0.2);
  EXPECT_EQ(format_of(b.layers[0], b.quantization), (Format{4, 1, true}));
  EXPECT_EQ(format_of(b.layers[1], b.quantization), (Format{7, 2, false}));
  EXPECT_EQ(b.layers[0].inputs, std::vector<int>{kNetworkInput});
  EXPECT_EQ(b.layers[2].inputs, (std::vector<int>{0, 1}));
  EXPECT_EQ(b.layers[3].rate, 0.25);
}

TEST(BenchmarkFile, WindowsStrideAndPaddingGiveShapes) {
  Benchmark b = parse_benchmark(
      kHead +
          "layer conv2d filters=4 kernel=3x5 stride=2x1 padding=same\n"
          "layer depthwise_conv2d kernel=2\nlayer max_pool kernel=3x2\nlayer average_pool kernel=1 stride=1\n"
          "layer conv2d filters=6 kernel=1 groups=2\nlayer global_average_pool\n",
      "f");
  std::vector<Shape> shapes = output_shapes(b);
  EXPECT_EQ(shapes[0], (Shape{4, 8, 4}));
  EXPECT_EQ(shapes[1], (Shape{3, 7, 4}));
  EXPECT_EQ(shapes[2], (Shape{1, 3, 4}));
  EXPECT_EQ(shapes[3], (Shape{1, 3, 4}));
  EXPECT_EQ(shapes[4], (Shape{1, 3, 6}));
  EXPECT_EQ(shapes[5], (Shape{6}));
  EXPECT_EQ(num_trainable(b), (4 * 15 + 4) + (4 * 4 + 4) + (6 * 2 + 6));
}

TEST(BenchmarkFile, UnknownWordsGetPlaceAndSuggestion) {
  expect_refused(kHead + "optimzer sgd\n" + kLayers,
                 {"my.bench:10: field \"optimzer\"", "did you mean \"optimizer\""});
  expect_refused(kHead + "layer dens units=3\n", {"my.bench:10: field \"layer\"", "did you mean \"dense\""});
  expect_refused(kHead + "layer flatten\nlayer dense unit=3\n",
                 {"my.bench:11: field \"unit\"", "did you mean \"units\""});
  expect_refused(kHead + "layer flatten name=flat\nlayer dense units=3 from=flatt\n",
                 {"my.bench:11: field \"from\"", "did you mean \"flat\""});
  expect_refused("task clasification\n", {"my.bench:1: field \"task\"", "did you mean \"classification\""});
  expect_refused(kHead + "layer relu rate=0.5\n", {"field \"rate\"", "unknown relu attribute"});
}

TEST(BenchmarkFile, RepeatedAndMissingKeysAreRefused) {
  expect_refused(kHead + "epochs 4\n" + kLayers, {"my.bench:10: field \"epochs\"", "second time", "line 9"});
  expect_refused(kHead + "layer dense units=3 units=4\n", {"field \"units\"", "second time"});
  expect_refused(kHead + "layer relu name=a\nlayer relu name=a\n", {"my.bench:11: field \"name\"", "taken"});
  for (std::string key : {"name", "dataset", "input_shape", "input_format", "loss", "optimizer",
                          "learning_rate", "batch_size", "epochs"}) {
    std::string text = kHead + kLayers;
    size_t at = text.find(key + " ");
    text.erase(at, text.find('\n', at) + 1 - at);
    expect_refused(text, {"field \"" + key + "\"", "found nothing"});
  }
  expect_refused(kHead, {"field \"layer\"", "no layers"});
  expect_refused(kHead + "layer dense\n", {"field \"units\"", "found nothing"});
}

TEST(BenchmarkFile, ValuesOutOfRangeSayWhatWasExpected) {
  const std::map<std::string, std::string> wrong = {{"epochs 0", "whole number from 1"},
                                                    {"epochs two", "whole number"},
                                                    {"learning_rate nan", "a number from"},
                                                    {"learning_rate -1", "a number from"},
                                                    {"input_shape 8x0x1", "one to three"},
                                                    {"input_shape 1x1x1x1", "one to three"},
                                                    {"input_format q<6,0>", "q<6,0,1>"},
                                                    {"input_format q<17,0,1>", "at most 16 bits"},
                                                    {"input_scale 0", "other than 0"},
                                                    {"input_scale 1/0", "other than 0"},
                                                    {"name a/b", "letters"},
                                                    {"input_shape 1000000x1000000x1000000", "one to three"}};
  for (const auto& [line, expected] : wrong) expect_refused(line + "\n", {"my.bench:1: field \"", expected});
  expect_refused(kHead + "layer conv2d filters=1 kernel=3x3x3\n", {"field \"kernel\"", "height x width"});
  expect_refused(kHead + "layer dense units=3 bias=maybe\n", {"field \"bias\"", "yes or no"});
  expect_refused(kHead + "prune_start 6\nprune_end 5\n" + kLayers,
                 {"my.bench:11: field \"prune_end\"", "at least prune_start"});
  expect_refused("epochs 1 2\n", {"found 2 values, expected one"});
}

TEST(BenchmarkFile, WiringAndShapesThatDoNotFitAreRefused) {
  expect_refused(kHead + "layer dense units=3\n", {"my.bench:10", "8x8x1", "flatten"});
  expect_refused(kHead + "layer conv2d filters=2 kernel=9\nlayer flatten\n",
                 {"my.bench:10", "9x9 does not fit into 8x8x1"});
  expect_refused(kHead + "layer conv2d filters=2 kernel=3 groups=2\nlayer flatten\n", {"groups"});
  expect_refused(kHead + "layer flatten name=a\nlayer dense units=4 name=b\nlayer add from=a,b\n",
                 {"my.bench:12", "64 and 4"});
  expect_refused(kHead + "layer flatten name=a\nlayer add from=a\n", {"two or more"});
  expect_refused(kHead + "layer flatten name=a\nlayer relu name=b\nlayer relu from=a\n",
                 {"my.bench:11", "no other layer reads"});
  expect_refused(kHead + "layer reshape shape=9x9\n", {"64", "81"});
  expect_refused(kHead + "layer flatten\nlayer softmax\nlayer relu\n",
                 {"my.bench:11", "softmax in the middle"});
  expect_refused(kHead + "layer relu\n", {"8x8x1", "one axis of classes"});
  expect_refused(kHead + "task regression\n" + kLayers, {"softmax for regression"});
  expect_refused(kHead + "task regression\nlayer flatten\n",
                 {"my.bench:5: field \"loss\"", "mean_squared_error"});
}

TEST(BenchmarkFile, AFileOfTheUsersIsFoundByPathAndOtherNamesAreRefused) {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("netsurf_benchmark_" + std::to_string(::getpid()) + ".bench");
  std::ofstream(path) << kHead << kLayers;
  EXPECT_EQ(find_benchmark(path.string()).name, "small");
  std::filesystem::remove(path);
  expect_error<InputError>([] { find_benchmark("mnist_fn"); },
                           {"unknown benchmark \"mnist_fn\"", "did you mean \"mnist_fnn\"", "path"});
}

TEST(BenchmarkFile, AnEmptyOneIsSaidToBeEmpty) {
  expect_refused("", {"my.bench: the file is empty"});
  expect_refused(" \n\t\n", {"my.bench: the file is empty"});
  expect_refused("# only a comment\n", {"my.bench:1", "name"});
}

TEST(BenchmarkFile, AFolderIsSaidToBeOne) {
  const std::string folder = std::filesystem::temp_directory_path().string();
  expect_error<InputError>([&] { find_benchmark(folder); }, {folder, "is a folder", "digits_mlp"});
}

TEST(BenchmarkFile, EndlessWordsAreCutShortInMessages) {
  for (const std::string& text : {std::string(1000000, 'x'), kHead + "layer " + std::string(1000000, 'x'),
                                  kHead + "layer dense " + std::string(1000000, 'x') + "=1"}) {
    try {
      parse_benchmark(text, "my.bench");
      FAIL() << "accepted";
    } catch (const InputError& error) {
      EXPECT_LT(std::string(error.what()).size(), 1000u);
    }
  }
}

}  // namespace
}  // namespace netsurf
