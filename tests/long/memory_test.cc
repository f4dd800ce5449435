// A model of ten million bits is ranked and swept in less than 2 GiB.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "engine/faults/bit_space.h"
#include "models/qonnx/onnx_export.h"
#include "tests/apps/program_runner.h"
#include "tests/support/process.h"
#include "tests/support/random.h"
#include "tests/support/temp_dir.h"

namespace netsurf {
namespace {

Parameter random_kernel(std::string name, int outputs, int inputs, testing::Random& random) {
  Parameter kernel{std::move(name), {outputs, inputs}, {6, 0, true}, {}, {}};
  for (int64_t i = 0; i < num_elements(kernel.shape); ++i) {
    kernel.codes.push_back(
        static_cast<int32_t>(random.between(kernel.format.min_code(), kernel.format.max_code())));
  }
  return kernel;
}

/// 784-2200-10 with random weights, for MNIST.
Model wide_model() {
  testing::Random random(7);
  std::vector<Parameter> parameters = {random_kernel("first", 2200, 784, random),
                                       random_kernel("second", 10, 2200, random)};
  std::vector<Layer> layers(6);
  layers[0].kind = LayerKind::input;
  layers[0].shape = {28, 28, 1};
  layers[0].format = {8, 0, false};
  layers[1].kind = LayerKind::flatten;
  layers[2].kind = layers[4].kind = LayerKind::dense;
  layers[2].kernel = 0;
  layers[4].kernel = 1;
  layers[3].kind = LayerKind::activation;
  layers[3].function = ActivationFunction::relu;
  layers[3].format = {6, 4, false};
  layers[5].kind = LayerKind::softmax;
  for (int i = 0; i < 6; ++i) {
    layers[static_cast<size_t>(i)].name = "layer" + std::to_string(i);
    if (i > 0) layers[static_cast<size_t>(i)].inputs = {i - 1};
  }
  return Model::build("wide", std::move(layers), std::move(parameters));
}

TEST(Memory, TenMillionBitsSweepInLessThanTwoGibibytes) {
  std::string datasets = NETSURF_SHARED_DIR "/data";
  if (!std::filesystem::exists(datasets + "/mnist")) GTEST_SKIP() << "no MNIST at " << datasets;
  TempDir folder;
  Model model = wide_model();
  ASSERT_GE(BitSpace(model).size(), 10'000'000u);
  std::string path = (folder.path() / "wide.onnx").string(), ranking = (folder.path() / "r.npz").string();
  save_model(model, path);
  ASSERT_EQ(run("rank --method bitwise_msb --model " + path + " --output " + ranking).code, 0);
  std::filesystem::path log = folder.path() / "log";
  pid_t child = start_program(
      split("sweep --benchmark mnist_fnn --datasets_dir " + datasets + " --model " + path + " --ranking " +
                ranking + " --protection_range 0 0.2 --ber_range 0.1 --num_reps 2 --store " +
                (folder.path() / "s.sqlite").string(),
            " "),
      log);
  int status = 0;
  rusage usage{};
  ASSERT_EQ(wait4(child, &status, 0, &usage), child);
  EXPECT_EQ(status, 0) << read_file(log, 1 << 20);
  RecordProperty("max_rss_kib", static_cast<int>(usage.ru_maxrss));
  std::printf("largest resident set: %ld MiB\n", usage.ru_maxrss / 1024);
  EXPECT_LT(usage.ru_maxrss, 2L * 1024 * 1024);
}

}  // namespace
}  // namespace netsurf
