// Every ranking on every network there is: the built-in benchmarks and all networks that others made, with
// all of their weights and with half of every kernel pruned. Each order holds every bit once, each score is
// finite, and a ranking says where it came from. How good the orders are is not asked here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <numeric>
#include <set>

#include "apps/command_rank.h"
#include "apps/model_open.h"
#include "apps/option_groups.h"
#include "apps/ranking_data.h"
#include "engine/base/error.h"
#include "engine/train/trainer.h"
#include "models/benchmark_file.h"
#include "tests/apps/program_runner.h"
#include "tests/long/every_ranking.h"
#include "tests/support/random.h"

namespace netsurf {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const std::string kModels = NETSURF_SHARED_DIR "/models/";
const std::string kData = NETSURF_SHARED_DIR "/data";

/// As many samples as a network gets through quickly.
int64_t samples_for(const Model& model) { return std::clamp<int64_t>(10'000'000 / model.num_macs(), 1, 16); }

/// The model with the smaller half of every kernel's operands zero and pruned. Bipolar kernels have no zero
/// and stay whole.
Model half_pruned(const Model& model) {
  std::vector<Parameter> parameters = model.parameters();
  std::set<int> kernels;
  for (const Layer& layer : model.layers()) {
    if (layer.kernel >= 0 && !parameters[static_cast<size_t>(layer.kernel)].bipolar)
      kernels.insert(layer.kernel);
  }
  for (int kernel : kernels) {
    Parameter& parameter = parameters[static_cast<size_t>(kernel)];
    std::vector<size_t> places(parameter.codes.size());
    std::iota(places.begin(), places.end(), size_t{0});
    std::stable_sort(places.begin(), places.end(), [&](size_t a, size_t b) {
      return std::abs(parameter.operand(parameter.codes[a])) <
             std::abs(parameter.operand(parameter.codes[b]));
    });
    places.resize(places.size() / 2);
    parameter.pruned.assign(parameter.codes.size(), 0);
    for (size_t place : places) {
      parameter.pruned[place] = 1;
      parameter.codes[place] = parameter.zero_point;
    }
  }
  return Model::build(model.name() + "_pruned", model.layers(), parameters, model.notes());
}

/// Samples anywhere in the range of the input's codes, with answers that fit the task.
Samples random_samples(const Layer& input, int64_t outputs, int64_t count, Task task) {
  testing::Random random(7);
  Samples samples;
  samples.shape = input.shape;
  samples.count = count;
  for (int64_t i = 0; i < count * samples.sample_size(); ++i) {
    auto code = static_cast<double>(random.between(input.low_code(), input.high_code()));
    samples.values.push_back(static_cast<float>(std::ldexp(code, -input.format.frac_bits())) * input.unit);
  }
  for (int64_t i = 0; i < count && task == Task::classification; ++i)
    samples.labels.push_back(random.pick(0, static_cast<int>(outputs) - 1));
  if (task == Task::regression) {
    samples.num_targets = static_cast<int>(outputs);
    for (int64_t i = 0; i < count * outputs; ++i)
      samples.targets.push_back(static_cast<float>(random.between(-64, 64)) / 16.0f);
  }
  if (task == Task::reconstruction) {
    samples.num_targets = static_cast<int>(samples.sample_size());
    samples.targets = samples.values;
  }
  return samples;
}

// ---- The built-in benchmarks.

/// The first `count` samples.
Samples first_of(Samples samples, int64_t count) {
  samples.count = std::min(samples.count, count);
  auto cut = [&](auto& numbers, int64_t each) { numbers.resize(static_cast<size_t>(samples.count * each)); };
  cut(samples.values, samples.sample_size());
  if (!samples.labels.empty()) cut(samples.labels, 1);
  cut(samples.targets, samples.num_targets);
  return samples;
}

/// The benchmark's own data, or random ones where they are not here.
Dataset data_of(const Benchmark& benchmark) {
  Dataset dataset;
  try {
    dataset = load_dataset(benchmark.dataset, kData);
    rescale(dataset, benchmark.input_scale, benchmark.input_offset);
  } catch (const InputError& error) {
    std::cout << benchmark.name << ": random samples, for " << error.what() << std::endl;
    Layer input;
    input.format = benchmark.input_format;
    input.shape = benchmark.input_shape;
    dataset.task = benchmark.task;
    dataset.num_classes = 10;
    dataset.train = dataset.validation = random_samples(input, 10, 64, benchmark.task);
  }
  dataset.train = first_of(std::move(dataset.train), 64);
  dataset.validation = first_of(std::move(dataset.validation), 32);
  return dataset;
}

class EveryRankingOfBenchmark : public ::testing::TestWithParam<std::string> {};

TEST_P(EveryRankingOfBenchmark, OrdersEveryBitOnceWholeAndPruned) {
  Benchmark benchmark = find_benchmark(GetParam());
  Dataset dataset = data_of(benchmark);
  for (const char* prune : {"0", "0.5"}) {
    TrainOptions options;
    options.epochs = 1;
    options.prune = UnitDecimal::parse(prune, "prune");
    options.num_threads = 1;
    Model model = train(benchmark, dataset, options).freeze();
    EXPECT_NEAR(model.sparsity(), options.prune.value(), 0.01);
    EvaluationSet data = encode(model, first_of(dataset.train, samples_for(model)), dataset.task);
    rank_by_all(GetParam() + " pruned " + prune, model, &data);
  }
}

INSTANTIATE_TEST_SUITE_P(Each, EveryRankingOfBenchmark, ::testing::ValuesIn(benchmark_names()),
                         [](const auto& each) { return each.param; });

// ---- The networks that others made.

/// A file with the words that open it, and its data: words of data options, or random samples for a task.
struct Foreign {
  const char* name;
  std::string words;
  std::string data;
  Task task = Task::classification;  // of random samples
  int side = 0;  // of an image network for larger images: the side of those it ranks by here; 0: its own
};

void PrintTo(const Foreign& each, std::ostream* out) { *out << each.name; }

std::vector<Foreign> foreign_networks() {
  auto weights = [](const std::string& architecture, const std::string& file) {
    return architecture + " --weights " + kModels + file;
  };
  std::string pixels = " --input_format q<8,8,0> --input_unit 1/255",
              mnist = "--dataset mnist --input_scale 1/255";
  std::string econt = "econt_baseline_6bit/", vectors = kModels + econt + "testvec_";
  return {
      {"cnn",
       weights("qkeras_mnist_cnn/qkeras_mnist_cnn.json", "qkeras_mnist_cnn/qkeras_mnist_cnn_weights.h5") +
           pixels,
       mnist},
      {"jets_json",
       weights("qkeras_jets_3layer/qkeras_3layer.json", "qkeras_jets_3layer/qkeras_3layer_weights.h5"), ""},
      {"ternary",
       weights("keras_ternary_jets/KERAS_3layer_ternary_small.json",
               "keras_ternary_jets/KERAS_3layer_ternary_small_weights.h5"),
       ""},
      {"pixels", "smartpixel_d64w5a10/keras_model.h5", "--dataset smartpixel"},
      {"rn06", "mlperf_ic_rn06/model_best.h5 --input_format q<8,0,0>",
       "--dataset cifar10_ic01 --input_scale 1/256"},
      {"ad03", "mlperf_ad_ad03/model_ToyCar.h5", "", Task::reconstruction},
      {"encoder", econt + "hgcal_encoder.h5",
       "--dataset " + vectors + "input_10x8x8x1.npy " + vectors +
           "encoder_output_10x16.npy --task regression"},
      {"encoder_alone", econt + "hgcal_encoder.h5", "--dataset " + vectors + "input_10x8x8x1.npy"},
      {"tfc_1w1a", "qonnx_tfc/TFC_1W1A.onnx" + pixels, mnist},
      {"tfc_2w2a", "qonnx_tfc/TFC_2W2A.onnx" + pixels, mnist},
      {"finn", "finn_tfc/model.onnx --input_format q<8,8,0>",
       "--dataset " + kModels + "finn_tfc/input.npy " + kModels + "finn_tfc/expected_output.npy"},
      {"kwsmlp", "qonnx_kwsmlp/kwsmlp_w3a3.onnx", ""},
      {"bnn", "qonnx_small/bnn_model_fc_1layer.onnx", ""},
      {"separable", "qonnx_small/separable_conv_model_ch_last.onnx", "", Task::comparison, 16},
      {"branched", "qonnx_small/branched_model_ch_last.onnx", "", Task::comparison, 16},
      {"unet", "qonnx_small/tiny_unet_ch_last.onnx", "", Task::regression, 16},
      {"kws", "mlperf_kws_int8/kws_ref_model_qdq.onnx",
       "--dataset kws01 --input_scale 0.5847029 --input_offset -48.5303407"},
      {"svhn", "svhn_qcnn_6bit/quantized_pruned_cnn_model.h5 --float_format q<16,5,1>", ""},
  };
}

std::string words_of(const Foreign& foreign) { return "--model " + kModels + foreign.words; }

Model open(const Foreign& foreign) {
  Arguments arguments = rank_command().parse(split(words_of(foreign), " "));
  std::ostringstream out, err;
  return open_model(arguments.text("model"), arguments, {out, err});
}

/// The same weights on smaller images. At 512 x 512 pixels a sample of the plain network, which computes 32
/// side by side, takes half a minute and gigabytes in every single pass of a method.
Model with_side(const Model& model, int side) {
  std::vector<Layer> layers = model.layers();
  layers[0].shape = {side, side, layers[0].shape[2]};
  return Model::build(model.name(), layers, model.parameters(), model.notes());
}

EvaluationSet data_for(const Foreign& foreign, const Model& model) {
  int64_t count = samples_for(model);
  if (foreign.data.empty()) {
    int64_t outputs = model.type(model.scored_layer()).elements();
    return encode(model, random_samples(model.input(), outputs, count, foreign.task), foreign.task);
  }
  Arguments arguments = rank_command().parse(
      split(words_of(foreign) + " " + foreign.data + " --rank_samples " + std::to_string(count), " "));
  DataShelf shelf(kData);
  std::ostringstream out, err;
  return ranking_data(arguments, model, recipe_of(arguments, model), shelf, {out, err});
}

const Foreign& find_foreign(const std::string& name) {
  static const std::vector<Foreign> all = foreign_networks();
  return *std::find_if(all.begin(), all.end(), [&](const Foreign& each) { return each.name == name; });
}

class NeedsForeign : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kModels) || !std::filesystem::exists(kData))
      GTEST_SKIP() << "no third-party models and data in " NETSURF_SHARED_DIR;
  }
};

class EveryRankingOfForeign : public NeedsForeign, public ::testing::WithParamInterface<Foreign> {};

TEST_P(EveryRankingOfForeign, OrdersEveryBitOnceWholeAndPruned) {
  const Foreign& foreign = GetParam();
  Model model = open(foreign);
  std::string name = foreign.name;
  if (foreign.side > 0) {
    rank_by_all(name + " of " + shape_text(model.input().shape), model, nullptr);
    model = with_side(model, foreign.side);
    name += " of " + shape_text(model.input().shape);
  }
  EvaluationSet data = data_for(foreign, model);
  Model pruned = half_pruned(model);
  rank_by_all(name + " whole", model, &data);
  if (pruned.digest() == model.digest()) {
    std::cout << name << " pruned: all kernels are bipolar, which have no zero" << std::endl;
    return;
  }
  EXPECT_LT(BitSpace(pruned).size(), BitSpace(model).size());
  EXPECT_EQ(BitSpace(pruned, BitSpace::Pruned::stored).size(),
            BitSpace(model, BitSpace::Pruned::stored).size());
  rank_by_all(name + " pruned", pruned, &data);
}

INSTANTIATE_TEST_SUITE_P(Each, EveryRankingOfForeign, ::testing::ValuesIn(foreign_networks()),
                         [](const auto& each) { return std::string(each.param.name); });

using EveryRanking = NeedsForeign;

TEST_F(EveryRanking, LeavesOutNoFolderOfNetworks) {
  const std::set<std::string> refused = {"hgq_mnist", "mlperf_ic_int8"};  // no import takes them
  for (const auto& entry : std::filesystem::directory_iterator(kModels)) {
    std::string folder = entry.path().filename().string();
    if (!entry.is_directory() || refused.contains(folder)) continue;
    std::vector<Foreign> all = foreign_networks();
    EXPECT_TRUE(std::any_of(all.begin(), all.end(), [&](const Foreign& each) {
      return each.words.starts_with(folder + "/");
    })) << folder;
  }
}

TEST_F(EveryRanking, WithoutSamplesIsGivenOrRefusedByItsName) {
  Model model = open(find_foreign("ternary"));
  BitSpace space(model);
  for (const RankerRow& row : rankers()) {
    if (!row.is_listed) continue;
    RankRequest request{model, space, row.order};
    request.settings = quick(row);
    try {
      EXPECT_EQ(complaint(rank(row.name, request), row, request), "");
      EXPECT_FALSE(row.needs_data) << row.name;
    } catch (const InputError& error) {
      EXPECT_TRUE(row.needs_data) << row.name;
      EXPECT_THAT(error.what(), AllOf(HasSubstr("ranking method " + std::string(row.name)),
                                      HasSubstr("reads training samples, and there are none")));
    }
  }
}

TEST_F(EveryRanking, OfANetworkThatNamesNoDataAsksForThem) {
  Ran ran = run("rank --method all " + words_of(find_foreign("ternary")));
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, HasSubstr("does not say which data set it reads"));
  EXPECT_THAT(ran.err, HasSubstr("name its data with --dataset"));
}

TEST_F(EveryRanking, OfSamplesWithoutAnswersNamesTheTaskThatNeedsNone) {
  const Foreign& alone = find_foreign("encoder_alone");
  for (const char* task : {"classification", "regression"}) {
    Ran ran = run("rank --method all " + words_of(alone) + " " + alone.data + " --task " + task);
    EXPECT_EQ(ran.code, 2);
    EXPECT_THAT(ran.err, AllOf(HasSubstr("has inputs alone, which do for no " + std::string(task)),
                               HasSubstr("--task comparison")));
  }
}

TEST_F(EveryRanking, OfAPrunedBipolarKernelHasNoModel) {
  Model model = open(find_foreign("tfc_1w1a"));
  std::vector<Parameter> parameters = model.parameters();
  auto kernel =
      std::find_if(parameters.begin(), parameters.end(), [](const auto& each) { return each.bipolar; });
  ASSERT_NE(kernel, parameters.end());
  kernel->pruned.assign(kernel->codes.size(), 0);
  try {
    Model::build("masked", model.layers(), parameters);
    ADD_FAILURE() << "a bipolar kernel took a mask";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("bipolar"), HasSubstr("mask")));
  }
}

TEST(EveryRankingCheck, NoticesWhatIsWrong) {
  Layer input;
  input.format = Format{4, 0, true};
  input.shape = {2};
  Layer dense;
  dense.kind = LayerKind::dense;
  dense.inputs = {0};
  dense.kernel = 0;
  Parameter kernel;
  kernel.name = "kernel";
  kernel.shape = {1, 2};
  kernel.format = Format{3, 0, true};
  kernel.codes = {1, -2};
  Model model = Model::build("small", {input, dense}, {kernel});
  BitSpace space(model);
  const RankerRow& row = find_ranker("bitwise_msb");
  RankRequest request{model, space, row.order};
  Ranking right = rank(row.name, request);
  EXPECT_EQ(complaint(right, row, request), "");
  auto spoilt = [&](auto spoil) {
    Ranking wrong = right;
    spoil(wrong);
    return complaint(wrong, row, request);
  };
  EXPECT_THAT(spoilt([](Ranking& wrong) { wrong.order[0] = wrong.order[1]; }), HasSubstr("every bit once"));
  EXPECT_THAT(spoilt([](Ranking& wrong) { wrong.order.push_back(0); }), HasSubstr("every bit once"));
  EXPECT_THAT(spoilt([](Ranking& wrong) { wrong.score.pop_back(); }), HasSubstr("one for each bit"));
  EXPECT_THAT(spoilt([](Ranking& wrong) { wrong.score[2] = std::nan(""); }), HasSubstr("no number"));
  EXPECT_THAT(spoilt([](Ranking& wrong) { wrong.data_digest = "some"; }), HasSubstr("came from"));
  EXPECT_THAT(spoilt([](Ranking& wrong) { wrong.seed = 1; }), HasSubstr("came from"));
}

}  // namespace
}  // namespace netsurf
