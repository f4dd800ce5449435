// The whole backward pass against finite differences, on formats so fine that rounding hardly shows; and the
// straight-through rule on a coarse one.
#include "engine/train/network.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "tests/engine/train/train_support.h"

namespace netsurf {
namespace {

constexpr int kBatch = 6;

std::vector<float> random_values(size_t count, unsigned seed, float low, float high) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> uniform(low, high);
  std::vector<float> values(count);
  for (float& value : values) value = uniform(generator);
  return values;
}

class Scalar {
 public:
  Scalar(Network& network, std::vector<float> input)
      : network_(network),
        input_(std::move(input)),
        weight_(random_values(static_cast<size_t>(kBatch * network.output_size()), 9, -1, 1)) {}

  double value() {
    network_.quantize_parameters();
    std::copy(input_.begin(), input_.end(), network_.input());
    network_.forward(kBatch, true, 3);
    double sum = 0;
    for (size_t i = 0; i < weight_.size(); ++i)
      sum += static_cast<double>(network_.output()[i]) * static_cast<double>(weight_[i]);
    return sum;
  }

  void backward() {
    value();
    std::copy(weight_.begin(), weight_.end(), network_.output_gradient());
    network_.backward(kBatch);
  }

 private:
  Network& network_;
  std::vector<float> input_, weight_;
};

double worst_error(Network& network, Scalar& scalar, float step) {
  scalar.backward();
  double worst = 0;
  for (Tensor& tensor : network.tensors()) {
    const std::vector<float> analytic = tensor.gradient;
    for (size_t i = 0; i < tensor.value.size(); i += 1 + tensor.value.size() / 17) {
      const float before = tensor.value[i];
      tensor.value[i] = before + step;
      const double above = static_cast<double>(tensor.value[i]), high = scalar.value();
      tensor.value[i] = before - step;
      const double below = static_cast<double>(tensor.value[i]), low = scalar.value();
      tensor.value[i] = before;
      const double numeric = (high - low) / (above - below);
      const double error = std::fabs(numeric - static_cast<double>(analytic[i])) / (1 + std::fabs(numeric));
      EXPECT_LT(error, 0.01) << tensor.name << "[" << i << "]: " << numeric << " against " << analytic[i];
      worst = std::isnan(error) ? INFINITY : std::max(worst, error);
    }
  }
  return worst;
}

/// Six more fraction bits for every activation than a file may ask for.
Benchmark refined(Benchmark benchmark) {
  for (LayerSpec& spec : benchmark.layers) {
    if (spec.format) spec.format->bits += 6;
  }
  return benchmark;
}

std::string mse_head() {
  return "name g\ndataset d\ntask regression\ninput_shape 6x6x2\ninput_format q<16,2,1>\nloss "
         "mean_squared_error\noptimizer sgd\n"
         "learning_rate 0.1\nbatch_size 6\nepochs 1\n";
}

TEST(Network, GradientsOfAGraphWithEveryLayerKindMatchFiniteDifferences) {
  Benchmark benchmark = refined(parse_benchmark(
      mse_head() + "layer conv2d filters=4 kernel=3 padding=same name=a\n"
                   "layer alpha\nlayer bits format=q<16,4,1> name=b\n"
                   "layer depthwise_conv2d kernel=3 padding=same dilation=2\nlayer batch_norm\n"
                   "layer tanh name=c format=q<16,1,1>\n"
                   "layer add from=b,c,b name=d\n"
                   "layer concatenate from=d,c\n"
                   "layer dropout rate=0.2\nlayer bits format=q<16,4,1>\n"
                   "layer conv2d filters=4 kernel=2 stride=2 groups=2\nlayer max_pool kernel=2 stride=1\n"
                   "layer bits format=q<16,4,1>\nlayer average_pool kernel=2 stride=1\n"
                   "layer reshape shape=4\nlayer dense units=5\nlayer hard_sigmoid format=q<16,0,0>\n"
                   "layer dense units=3\n",
      "g"));
  Network network(benchmark, {Format{22, 1, true}, 0, 24, 4}, kBatch);
  Scalar scalar(network, random_values(kBatch * 72, 2, -1, 1));
  EXPECT_LT(worst_error(network, scalar, 1e-3f), 0.01);
}

TEST(Network, GlobalPoolReluAndBranchingGradientsMatchFiniteDifferences) {
  Benchmark benchmark = refined(parse_benchmark(
      mse_head() + "layer conv2d filters=3 kernel=3 name=a\nlayer relu format=q<16,4,0> name=b\n"
                   "layer global_average_pool name=p\nlayer flatten from=b\nlayer dense units=3 name=e\n"
                   "layer bits format=q<16,4,1> name=f\nlayer add from=p,f\nlayer dense units=2\n",
      "g"));
  Network network(benchmark, {Format{22, 1, true}, 0, 24, 4}, kBatch);
  Scalar scalar(network, random_values(kBatch * 72, 2, -1, 1));
  EXPECT_LT(worst_error(network, scalar, 1e-3f), 0.01);
}

TEST(Network, StraightThroughGradientsAreThoseOfTheUnroundedClipAtTheRoundedPoint) {
  // y = w2 q(clip(w1 x)): dy/dw1 = w2_used x where w1 x lies inside the clip, 0 outside, whatever the coarse
  // rounding.
  Benchmark benchmark = parse_benchmark(
      "name s\ndataset d\ntask regression\ninput_shape 1\ninput_format q<8,2,1>\nloss "
      "mean_squared_error\noptimizer sgd\n"
      "learning_rate 0.1\nbatch_size 2\nepochs 1\nlayer dense units=1 bias=no\nlayer relu\nlayer dense "
      "units=1 bias=no\n",
      "s");
  Network network(benchmark, {Format{4, 0, true}, 0, 16, 1}, 2);
  network.tensors()[0].value = {0.55f};  // rounds to 4/8
  network.tensors()[1].value = {-0.3f};  // rounds to -2/8
  network.quantize_parameters();
  network.input()[0] = 1.5f;  // 0.75: inside [0, 15/16]
  network.input()[1] = 3.0f;  // 1.5: above
  network.forward(2, true);
  EXPECT_EQ(network.output()[0], 0.75f * -0.25f);
  EXPECT_EQ(network.output()[1], 0.9375f * -0.25f);
  network.output_gradient()[0] = 1;
  network.output_gradient()[1] = 1;
  network.backward(2);
  EXPECT_EQ(network.tensors()[0].gradient[0], -0.25f * 1.5f);
  EXPECT_EQ(network.tensors()[1].gradient[0], 0.75f + 0.9375f);
}

TEST(Network, KernelsStartSpreadOverTheGridAndAlphaMakesUpForIt) {
  Network network(find_benchmark("mnist_fnn"), {Format{6, 0, true}, 0, 16, 1}, 1);
  const Tensor& kernel = network.tensors()[0];
  const auto [low, high] = std::minmax_element(kernel.value.begin(), kernel.value.end());
  EXPECT_NEAR(*low, -0.5f, 0.01f);
  EXPECT_NEAR(*high, 0.5f, 0.01f);
  EXPECT_EQ(network.tensors()[2].name, "alpha_1/scale");
  EXPECT_NEAR(network.tensors()[2].value[0], std::sqrt(6.0f / (784 + 64)) / 0.5f, 1e-5f);
}

TEST(Network, BiasesKeepTheKernelsStepAndAnAskedWidthSaturates) {
  Network network(blob_benchmark(kBlobLayers), {Format{6, 0, true}, 4, 16, 1}, 1);
  Tensor& bias = network.tensors()[1];
  bias.value[0] = 0.1f;
  bias.value[1] = 5;
  bias.value[2] = -5;
  network.quantize_parameters();
  EXPECT_EQ(bias.used[0], 3.0f / 32);
  EXPECT_EQ(bias.used[1], 7.0f / 32);
  EXPECT_EQ(bias.used[2], -8.0f / 32);
}

}  // namespace
}  // namespace netsurf
