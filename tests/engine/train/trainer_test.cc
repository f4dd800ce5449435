#include "engine/train/trainer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <numeric>

#include "engine/backend/backend.h"
#include "engine/base/error.h"
#include "models/benchmark_file.h"
#include "models/datasets.h"
#include "tests/engine/train/train_support.h"
#include "tests/models/expect_error.h"

namespace netsurf {
namespace {

TrialOutcome integer_outcome(const Model& model, const Samples& samples) {
  const EvaluationSet set = encode(model, samples, Task::classification);
  return make_cpu_backend()->open(model, set, BitSpace(model), {})->clean();
}

double integer_accuracy(const Model& model, const Samples& samples) {
  return static_cast<double>(integer_outcome(model, samples).correct) / static_cast<double>(samples.count);
}

Dataset scaled_dataset(const Benchmark& benchmark) {
  Dataset dataset = load_dataset(benchmark.dataset, std::string(NETSURF_SHARED_DIR) + "/data");
  rescale(dataset, benchmark.input_scale, benchmark.input_offset);
  return dataset;
}

int64_t count_kind(const Model& model, LayerKind kind) {
  return std::count_if(model.layers().begin(), model.layers().end(),
                       [&](const Layer& layer) { return layer.kind == kind; });
}

TEST(Train, DigitsReachNinetyPercentAndTheFrozenIntegersAgree) {
  const Benchmark benchmark = find_benchmark("digits_mlp");
  const Dataset dataset = scaled_dataset(benchmark);
  const TrainedNetwork trained = train(benchmark, dataset);
  const double twin = trained.evaluate(dataset.test).accuracy;
  EXPECT_GE(twin, 0.90);
  EXPECT_NEAR(integer_accuracy(trained.freeze(), dataset.test), twin, 0.005);
}

TEST(Train, MnistFnnLiteReachesNinetyTwoPercentOnTest) {
#ifdef NETSURF_SANITIZED
  GTEST_SKIP() << "too slow under a sanitizer";
#endif
  if (!std::filesystem::exists(NETSURF_SHARED_DIR "/data/mnist"))
    GTEST_SKIP() << "no MNIST in " NETSURF_SHARED_DIR "/data";
  const Benchmark benchmark = find_benchmark("mnist_fnn_lite");
  const Dataset dataset = scaled_dataset(benchmark);
  const TrainedNetwork trained = train(benchmark, dataset);
  EXPECT_GE(trained.evaluate(dataset.test).accuracy, 0.92);
  EXPECT_NEAR(integer_accuracy(trained.freeze(), dataset.test), trained.evaluate(dataset.test).accuracy,
              0.005);
}

TEST(Train, TheFrozenModelsLossIsTheOneThatWasTrained) {
  const Benchmark benchmark = blob_benchmark(std::string("logit_scale 4\n") + kBlobLayers);
  const Dataset dataset = blobs();
  const TrainedNetwork trained = train(benchmark, dataset);
  const Model model = trained.freeze();
  EXPECT_EQ(model.layers().back().unit, 4);
  const auto samples = static_cast<double>(dataset.test.count);
  EXPECT_NEAR(static_cast<double>(integer_outcome(model, dataset.test).loss) * kLossUnit / samples,
              trained.evaluate(dataset.test).loss, 1e-3);
}

TEST(Train, RepeatsBitForBitForAnyThreadCountAndDiffersBySeed) {
  const Benchmark benchmark = blob_benchmark("layer dropout rate=0.1\n" + std::string(kBlobLayers), 4);
  const Dataset dataset = blobs();
  TrainOptions options;
  options.num_threads = 1;
  const std::string digest = train(benchmark, dataset, options).freeze().digest();
  EXPECT_EQ(train(benchmark, dataset, options).freeze().digest(), digest);
  options.num_threads = 3;
  EXPECT_EQ(train(benchmark, dataset, options).freeze().digest(), digest);
  options.seed = 2;
  EXPECT_NE(train(benchmark, dataset, options).freeze().digest(), digest);
}

TEST(Train, NeverReadsTheTestSplit) {
  const Benchmark benchmark = blob_benchmark("early_stopping 3\n" + std::string(kBlobLayers), 4);
  Dataset dataset = blobs();
  const std::string digest = train(benchmark, dataset).freeze().digest();
  dataset.test = Samples{};
  EXPECT_EQ(train(benchmark, dataset).freeze().digest(), digest);
}

TEST(Train, PruningReachesItsTargetInEveryKernelOfTheFrozenModel) {
  for (int epochs : {1, 3, 15}) {
    TrainOptions options;
    options.prune = UnitDecimal::parse("0.37", "prune");
    const TrainedNetwork trained =
        train(blob_benchmark("early_stopping 2\n" + std::string(kBlobLayers), epochs), blobs(), options);
    const Model model = trained.freeze();
    int kernels = 0;
    for (const Parameter& parameter : model.parameters()) {
      if (parameter.pruned.empty()) continue;
      ++kernels;
      const auto zeros = std::accumulate(parameter.pruned.begin(), parameter.pruned.end(), uint64_t{0});
      EXPECT_EQ(zeros, options.prune.floor_of(parameter.codes.size()))
          << parameter.name << " after " << epochs;
      for (size_t i = 0; i < parameter.codes.size(); ++i) {
        if (parameter.pruned[i]) {
          EXPECT_EQ(parameter.codes[i], 0);
        }
      }
    }
    EXPECT_EQ(kernels, 2);
    EXPECT_NEAR(trained.sparsity(), model.sparsity(), 1e-12);
  }
}

TEST(Train, EveryLayerKindFreezesToTheNumbersItWasTrainedOn) {
  const Benchmark benchmark = blob_benchmark(
      "layer conv2d filters=4 kernel=2 padding=same\nlayer alpha\nlayer bits name=a\n"
      "layer depthwise_conv2d kernel=2 padding=same\nlayer batch_norm\nlayer tanh name=b\n"
      "layer add from=a,b\nlayer relu name=c\nlayer concatenate from=c,b,input\nlayer dropout rate=0.1\n"
      "layer max_pool kernel=2 stride=1 padding=same\nlayer average_pool kernel=2 stride=1 padding=same "
      "name=d\n"
      "layer conv2d filters=6 kernel=1 groups=3 bias=no\nlayer hard_sigmoid\nlayer global_average_pool "
      "name=e\n"
      "layer reshape shape=36 from=d name=f\nlayer concatenate from=e,f\nlayer dense units=3\nlayer "
      "softmax\n",
      4);
  const Dataset dataset = blobs();
  const TrainedNetwork trained = train(benchmark, dataset);
  const Model model = trained.freeze();
  const EvaluationSet set = encode(model, dataset.test, Task::classification);
  const TrialOutcome clean = make_cpu_backend()->open(model, set, BitSpace(model), {})->clean();
  const Evaluation twin = trained.evaluate(dataset.test);
  const auto count = static_cast<double>(set.count);
  EXPECT_EQ(static_cast<double>(clean.correct) / count, twin.accuracy);
  EXPECT_NEAR(static_cast<double>(clean.loss) * kLossUnit / count, twin.loss, 1e-4);
}

TEST(Train, BatchNormEndsAsOneAffineLayerOrFolded) {
  const std::string layers =
      "layer conv2d filters=6 kernel=2 padding=same\nlayer alpha\nlayer batch_norm\nlayer relu\nlayer "
      "flatten\n"
      "layer dense units=8\nlayer batch_norm\nlayer relu\nlayer dense units=3\nlayer softmax\n";
  const Dataset dataset = blobs();
  for (BatchNormMode mode : {BatchNormMode::affine, BatchNormMode::fold}) {
    TrainOptions options;
    options.batch_norm = mode;
    options.prune = UnitDecimal::parse("0.25", "prune");
    const TrainedNetwork trained = train(blob_benchmark(layers, 16), dataset, options);
    const Model model = trained.freeze();
    EXPECT_EQ(count_kind(model, LayerKind::affine), mode == BatchNormMode::affine ? 2 : 0);
    const double twin = trained.evaluate(dataset.test).accuracy;
    EXPECT_GE(twin, 0.9) << kBatchNormNames[static_cast<size_t>(mode)];
    EXPECT_NEAR(integer_accuracy(model, dataset.test), twin, 0.005);
    EXPECT_EQ(model.notes().at("batch_norm"), kBatchNormNames[static_cast<size_t>(mode)]);
    EXPECT_EQ(trained.sparsity(), 0.25);
  }
}

TEST(Train, FoldingWithoutAPlaceForItIsRefused) {
  TrainOptions options;
  options.batch_norm = BatchNormMode::fold;
  const Benchmark benchmark = blob_benchmark(
      "layer flatten\nlayer dense units=4\nlayer relu\nlayer batch_norm\nlayer relu\nlayer dense units=3\n");
  expect_error<InputError>(
      [&] { train(benchmark, blobs(), options, [](const TrainProgress&) { FAIL() << "trained"; }); },
      {"batch_norm_1", "cannot be folded", "affine"});
}

TEST(Train, EarlyStoppingRestoresTheBestEpoch) {
  const Benchmark benchmark =
      blob_benchmark("early_stopping 3\nmonitor accuracy\n" + std::string(kBlobLayers), 60);
  const Dataset dataset = blobs();
  const TrainedNetwork trained = train(benchmark, dataset);
  ASSERT_LT(trained.history().size(), 60u);
  EXPECT_EQ(trained.history().size(), static_cast<size_t>(trained.epoch()) + 3);
  const TrainProgress& best = trained.history()[static_cast<size_t>(trained.epoch() - 1)];
  EXPECT_EQ(trained.evaluate(dataset.validation).accuracy, best.validation_accuracy);
  for (const TrainProgress& each : trained.history())
    EXPECT_LE(each.validation_accuracy, best.validation_accuracy);
}

TEST(Train, ProgressCountsBatchesEpochsAndTimeLeft) {
  int batches = 0, epochs = 0;
  const TrainedNetwork trained =
      train(blob_benchmark(kBlobLayers, 3), blobs(), {}, [&](const TrainProgress& p) {
        EXPECT_EQ(p.num_epochs, 3);
        EXPECT_EQ(p.num_batches, 30);
        EXPECT_GE(p.seconds_left, 0);
        p.epoch_done ? ++epochs : ++batches;
      });
  EXPECT_EQ(batches, 90);
  EXPECT_EQ(epochs, 3);
  EXPECT_THROW(train(blob_benchmark(kBlobLayers, 3), blobs(), {},
                     [](const TrainProgress&) { throw RunError("stop"); }),
               RunError);
}

TEST(Train, MeanSquaredErrorLearnsATargetAndAReconstruction) {
  Dataset line;
  line.name = "line";
  line.task = Task::regression;
  for (Samples* samples : {&line.train, &line.validation, &line.test}) {
    samples->shape = {2};
    samples->num_targets = 1;
    samples->count = 256;
    for (int i = 0; i < 256; ++i) {
      const float x = static_cast<float>(i % 16) / 16, y = static_cast<float>(i / 16) / 16;
      samples->values.insert(samples->values.end(), {x, y});
      samples->targets.push_back(0.5f * x - 0.25f * y);
    }
  }
  const std::string head =
      "name r\ndataset line\ninput_shape 2\ninput_format q<4,0,0>\nloss mean_squared_error\noptimizer "
      "sgd\nlearning_rate 0.2\n"
      "batch_size 16\nepochs 20\n";
  const TrainedNetwork fitted =
      train(parse_benchmark(head + "task regression\nlayer dense units=1\n", "r"), line);
  EXPECT_LT(fitted.evaluate(line.test).loss, 1e-3);
  EXPECT_TRUE(std::isnan(fitted.evaluate(line.test).accuracy));
  line.task = Task::reconstruction;
  const TrainedNetwork copied =
      train(parse_benchmark(head + "task reconstruction\nlayer dense units=2\n", "r"), line);
  EXPECT_LT(copied.evaluate(line.test).loss, 3e-3);
}

TEST(Train, OptionsOverrideTheBenchmark) {
  TrainOptions options;
  options.quantization = Format{8, 1, true};
  options.epochs = 2;
  options.batch_size = 50;
  options.max_train_samples = 200;
  options.bias_bits = 5;
  options.affine_bits = 12;
  const TrainedNetwork trained = train(blob_benchmark(kBlobLayers), blobs(), options,
                                       [](const TrainProgress& p) { EXPECT_EQ(p.num_batches, 4); });
  const Model model = trained.freeze();
  EXPECT_EQ(trained.history().size(), 2u);
  for (const Parameter& parameter : model.parameters()) {
    if (parameter.name.ends_with("/kernel")) {
      EXPECT_EQ(parameter.format, (Format{8, 1, true}));
    } else {
      EXPECT_EQ(parameter.format.bits, parameter.name.ends_with("/bias") ? 5 : 12) << parameter.name;
    }
  }
  EXPECT_EQ(model.notes().at("quantization"), "q<8,1,1>");
  EXPECT_EQ(model.notes().at("seed"), "1");
  EXPECT_EQ(model.notes().at("data_digest").size(), 64u);
}

TEST(Train, WhatDoesNotFitIsRefusedBeforeTraining) {
  const Benchmark benchmark = blob_benchmark(kBlobLayers);
  Dataset wrong = blobs();
  wrong.train.shape = {4};
  expect_error<InputError>([&] { train(benchmark, wrong); }, {"train samples are 4", "expected 2x2x1"});
  wrong = blobs();
  wrong.validation.labels[5] = 3;
  expect_error<InputError>([&] { train(benchmark, wrong); }, {"validation label 3", "0 to 2"});
  wrong = blobs();
  wrong.validation = Samples{};
  expect_error<InputError>(
      [&] { train(blob_benchmark("early_stopping 2\n" + std::string(kBlobLayers)), wrong); },
      {"validation", "has none"});
  wrong.train = Samples{};
  expect_error<InputError>([&] { train(benchmark, wrong); }, {"no training samples"});
  const Benchmark wide = blob_benchmark(
      "layer flatten\nlayer dense units=40 name=first\nlayer dense units=3 name=second "
      "format=q<20,0,1>\nlayer dense units=3\n");
  expect_error<InputError>(
      [&] { train(wide, blobs(), {}, [](const TrainProgress&) { FAIL() << "trained"; }); }, {"16"});
  TrainOptions options;
  options.affine_bits = 40;
  expect_error<InputError>([&] { train(benchmark, blobs(), options); }, {"affine_bits is 40"});
}

TEST(Train, DivergenceIsReportedWithAWayOut) {
  Benchmark benchmark = blob_benchmark("layer flatten\nlayer dense units=3\n", 5);
  benchmark.loss = LossKind::mean_squared_error;
  Dataset dataset = blobs();
  dataset.train.values[7] = NAN;
  expect_error<RunError>([&] { train(benchmark, dataset); }, {"diverged", "smaller learning rate"});
  dataset = blobs();
  dataset.validation.values[7] = NAN;
  expect_error<RunError>([&] { train(benchmark, dataset); }, {"diverged", "validation loss"});
}

}  // namespace
}  // namespace netsurf
