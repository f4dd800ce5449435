#include "tests/engine/gradient/twin_models.h"

#include <cmath>
#include <limits>
#include <stdexcept>

#include "tests/support/models.h"

namespace netsurf::testing {
namespace {

const Format kIn{6, 1, true}, kWeight{6, 0, true}, kBias{8, 1, true}, kHidden{6, 2, true}, kRelu{6, 2, false};

TwinCase mlp_with(std::string name, Layer activation, uint64_t seed) {
  Random random(seed);
  activation.inputs = {1};
  return {
      std::move(name),
      Model::build(
          "mlp",
          {input_layer({6}, kIn), dense_layer("first", 0, 0, 1), activation, dense_layer("second", 2, 2, 3)},
          {random_parameter("k1", {5, 6}, kWeight, random), random_parameter("b1", {5}, kBias, random),
           random_parameter("k2", {4, 5}, kWeight, random), random_parameter("b2", {4}, kBias, random)})};
}

std::vector<TwinCase> activations() {
  std::vector<TwinCase> cases;
  uint64_t seed = 10;
  for (ActivationFunction function :
       {ActivationFunction::linear, ActivationFunction::relu, ActivationFunction::hard_tanh,
        ActivationFunction::hard_sigmoid, ActivationFunction::leaky_relu}) {
    const bool is_positive =
        function == ActivationFunction::relu || function == ActivationFunction::hard_sigmoid;
    // Half a range, so that some codes saturate.
    Layer layer = activation_layer("a", 1, function, is_positive ? Format{5, 0, false} : Format{5, 0, true});
    if (function == ActivationFunction::leaky_relu) layer.slope = 3, layer.slope_shift = 3;
    cases.push_back(mlp_with(std::string(name_of(function)), layer, seed++));
  }
  Layer wraps = activation_layer("a", 1, ActivationFunction::linear, Format{5, 0, true});
  wraps.wraps = true;
  wraps.rounding = core::Rounding::floor;
  cases.push_back(mlp_with("wraps", wraps, seed++));
  Layer narrow = activation_layer("a", 1, ActivationFunction::relu, Format{6, 1, true});
  narrow.low = -3, narrow.high = 17;
  cases.push_back(mlp_with("narrow range", narrow, seed++));
  return cases;
}

TwinCase conv_and_max_pool() {
  Random random(30);
  const Window conv{.height = 3, .width = 2, .stride_y = 1, .stride_x = 2, .pad_top = 1, .pad_bottom = 1};
  const Window pool{.height = 2, .width = 2, .stride_y = 2, .pad_left = 1};
  return {"conv2d and max_pool",
          Model::build(
              "conv",
              {input_layer({4, 6, 2}, kIn), conv_layer("c", 0, 0, 1, conv),
               activation_layer("r", 1, ActivationFunction::relu, kRelu),
               window_layer(LayerKind::max_pool, "p", 2, pool), plain_layer(LayerKind::flatten, "f", {3}),
               dense_layer("d", 4, 2, 3), plain_layer(LayerKind::softmax, "s", {5})},
              {random_parameter("k", {3, 3, 2, 2}, kWeight, random, 30),
               random_parameter("b", {3}, kBias, random),
               random_parameter("dk", {3, 18}, Format{6, -1, true}, random, 50),
               random_parameter("db", {3}, kBias, random)})};
}

TwinCase groups_and_average_pool() {
  Random random(31);
  const Window conv{.height = 2, .width = 2, .dilation_y = 2, .dilation_x = 1};
  const Window pool{.height = 2, .width = 3, .stride_x = 2, .pad_right = 1};
  return {"grouped conv2d and average_pool",
          Model::build("conv",
                       {input_layer({5, 5, 4}, kIn), conv_layer("c", 0, 0, -1, conv, 2),
                        activation_layer("t", 1, ActivationFunction::hard_tanh, kHidden),
                        conv_layer("depthwise", 2, 1, 2, {}, 4),
                        activation_layer("l", 3, ActivationFunction::linear, kHidden),
                        window_layer(LayerKind::average_pool, "p", 4, pool),
                        plain_layer(LayerKind::flatten, "f", {5}), dense_layer("d", 6, 3)},
                       {random_parameter("k", {4, 2, 2, 2}, kWeight, random),
                        random_parameter("wk", {4, 1, 1, 1}, kWeight, random),
                        random_parameter("wb", {4}, kBias, random),
                        random_parameter("dk", {3, 16}, Format{6, -1, true}, random)})};
}

TwinCase decoder() {
  Random random(32);
  Layer image = plain_layer(LayerKind::reshape, "image", {0});
  image.shape = {2, 2, 2};
  const Window up{.height = 2, .width = 3, .stride_y = 2, .stride_x = 1, .pad_left = 1};
  return {"conv2d_transpose, sum_pool, upsample, global_average_pool",
          Model::build("decoder",
                       {input_layer({8}, kIn), image, transposed_layer("t", 1, 0, 1, up),
                        activation_layer("a", 2, ActivationFunction::relu, kRelu),
                        window_layer(LayerKind::sum_pool, "s", 3, {.height = 2, .width = 2, .stride_y = 2}),
                        activation_layer("b", 4, ActivationFunction::linear, Format{8, 4, true}),
                        window_layer(LayerKind::upsample, "u", 5, {.height = 1, .width = 2}),
                        conv_layer("c", 6, 2, -1, {.height = 2, .width = 2}),
                        activation_layer("d", 7, ActivationFunction::linear, Format{8, 4, true}),
                        plain_layer(LayerKind::global_average_pool, "g", {8}), dense_layer("e", 9, 3)},
                       {random_parameter("k", {3, 2, 3, 2}, kWeight, random),
                        random_parameter("b", {3}, kBias, random),
                        random_parameter("ck", {4, 2, 2, 3}, Format{6, -1, true}, random),
                        random_parameter("ek", {3, 4}, kWeight, random)})};
}

TwinCase thresholds() {
  Random random(33);
  // Input and kernel have 4 + 5 fraction bits, and so has the bias: a sum's codes are near +-500. A row out
  // of order, one with equal thresholds, one whose thresholds are all equal.
  std::vector<Parameter> parameters = {
      random_parameter("k1", {3, 6}, kWeight, random),
      given_parameter("t1", {3, 3}, Format{12, 2, true}, {-300, 250, -40, -100, -100, 120, 7, 7, 7}),
      random_parameter("k2", {4, 3}, kWeight, random),
      given_parameter("t2", {1, 4}, Format{10, 2, true}, {-40, -10, 15, 60}),
      random_parameter("k3", {3, 4}, kWeight, random),
      given_parameter("t3", {3, 1}, Format{9, 1, true}, {6, -10, 0}),
      random_parameter("k4", {3, 3}, kWeight, random)};
  const Format small{4, 1, true};
  return {"threshold", Model::build("steps",
                                    {input_layer({6}, kIn), dense_layer("a", 0, 0),
                                     threshold_layer("b", 1, 1, small, -3, 6), dense_layer("c", 2, 2),
                                     threshold_layer("d", 3, 3, small, -4, 4), dense_layer("e", 4, 4),
                                     threshold_layer("f", 5, 5, small, -2, 3), dense_layer("g", 6, 6)},
                                    std::move(parameters))};
}

TwinCase shared_kernel() {
  Random random(34);
  return {"a kernel in two layers",
          Model::build(
              "shared",
              {input_layer({4}, kIn), dense_layer("a", 0, 0, 1),
               activation_layer("r", 1, ActivationFunction::linear, kHidden), dense_layer("b", 2, 0, 1),
               activation_layer("s", 3, ActivationFunction::linear, kHidden), dense_layer("c", 4, 0)},
              {random_parameter("k", {4, 4}, kWeight, random), random_parameter("b", {4}, kBias, random)})};
}

/// Zero points, bipolar bits, constants, pruned elements, sums beyond 32 bits.
TwinCase odd_parameters() {
  Random random(35);
  Parameter scaled = random_parameter("k1", {5, 6}, Format{6, 0, true}, random);
  scaled.zero_point = 5;
  Parameter signs = random_parameter("k2", {5, 5}, Format{1, 0, false}, random);
  signs.bipolar = true;
  Parameter wired = random_parameter("scale", {5}, kBias, random);
  wired.constant = true;
  return {
      "zero points, bipolar bits, constants, wide sums",
      Model::build(
          "odd",
          {input_layer({6}, Format{16, 1, true}), dense_layer("a", 0, 0), affine_layer("b", 1, 2, 3),
           activation_layer("r", 2, ActivationFunction::relu, Format{16, 3, false}), dense_layer("c", 3, 1),
           activation_layer("s", 4, ActivationFunction::linear, Format{16, 4, true}),
           dense_layer("d", 5, 4, 5)},
          {scaled, signs, wired, random_parameter("shift", {5}, Format{20, 1, true}, random),
           random_parameter("k3", {4, 5}, Format{16, -2, true}, random, 30),
           random_parameter("b3", {4}, Format{24, 1, true}, random)})};
}

TwinCase units(Task task, std::string name) {
  Random random(36);
  Layer output = dense_layer("second", 2, 2, 3);
  output.unit = 0.7f;
  return {std::move(name),
          Model::build(
              "units",
              {input_layer({6}, kIn), dense_layer("first", 0, 0, 1),
               activation_layer("r", 1, ActivationFunction::relu, kRelu), output},
              {random_parameter("k1", {5, 6}, kWeight, random), random_parameter("b1", {5}, kBias, random),
               random_parameter("k2", {3, 5}, kWeight, random), random_parameter("b2", {3}, kBias, random)}),
          task};
}

std::vector<TwinCase> make_cases() {
  std::vector<TwinCase> cases = activations();
  cases.push_back(conv_and_max_pool());
  cases.push_back(groups_and_average_pool());
  cases.push_back(decoder());
  cases.push_back(thresholds());
  cases.push_back({"branches: affine, add, concatenate", branched(3).build()});
  cases.push_back(shared_kernel());
  cases.push_back(odd_parameters());
  cases.push_back(units(Task::classification, "unit of the output"));
  cases.push_back(units(Task::regression, "regression"));
  cases.push_back(units(Task::classification, "sparse inputs"));
  cases.back().percent_zeros = 75;
  cases.push_back({"reconstruction of branches", branched(4).build(), Task::reconstruction});
  return cases;
}

}  // namespace

EvaluationSet TwinCase::set(int64_t count) const {
  EvaluationSet made = random_set(model, count, 77, task);
  if (task == Task::comparison) made.targets.clear();
  Random random(78);
  for (int32_t& code : made.codes) code = random.chance(percent_zeros) ? 0 : code;
  return made;
}

const std::vector<TwinCase>& twin_cases() {
  static const std::vector<TwinCase> cases = make_cases();
  return cases;
}

const TwinCase& twin_case(const std::string& name) {
  for (const TwinCase& each : twin_cases()) {
    if (each.name == name) return each;
  }
  throw std::logic_error("no case " + name);
}

std::vector<double> random_vectors(int64_t count, int64_t size, uint64_t seed) {
  Random random(seed);
  std::vector<double> vectors(static_cast<size_t>(count * size));
  for (double& each : vectors) each = static_cast<double>(random.between(-1'000'000, 1'000'000)) * 1e-6;
  return vectors;
}

std::vector<double> unit_vectors(int64_t size) {
  std::vector<double> vectors(static_cast<size_t>(size * size), 0);
  for (int64_t i = 0; i < size; ++i) vectors[static_cast<size_t>(i * size + i)] = 1;
  return vectors;
}

double length(const std::vector<double>& v) {
  double sum = 0;
  for (double each : v) sum += each * each;
  return std::sqrt(sum);
}

double relative_error(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return std::numeric_limits<double>::quiet_NaN();
  std::vector<double> difference(a.size());
  for (size_t i = 0; i < a.size(); ++i) difference[i] = a[i] - b[i];
  return length(difference) / length(b);
}

}  // namespace netsurf::testing
