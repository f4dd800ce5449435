// Second derivatives of the float twin: the R-operator against Hessians formed in other ways, differences
// against the R-operator, and the curvature of its diagonal.
#include <gtest/gtest.h>

#include <cmath>

#include "engine/base/error.h"
#include "engine/gradient/float_twin.h"
#include "tests/engine/gradient/twin_models.h"
#include "tests/support/models.h"

namespace netsurf {
namespace {

using testing::TwinCase;

/// The Hessian, row by row, from Richardson's differences of gradients along every element.
std::vector<double> hessian_by_differences(const FloatTwin& twin, double step) {
  const auto size = static_cast<size_t>(twin.num_elements());
  std::vector<double> hessian;
  for (size_t i = 0; i < size; ++i) {
    std::vector<double> displacements(4 * size, 0);
    const double steps[] = {step, -step, step / 2, -step / 2};
    for (size_t lane = 0; lane < 4; ++lane) displacements[lane * size + i] = steps[lane];
    const std::vector<double> g = twin.gradients_at(displacements);
    for (size_t j = 0; j < size; ++j) {
      const double wide = (g[j] - g[size + j]) / (2 * step),
                   near = (g[2 * size + j] - g[3 * size + j]) / step;
      hessian.push_back((4 * near - wide) / 3);
    }
  }
  return hessian;
}

TEST(Hessian, ProductsAreThoseOfTheHessianFormedByDifferences) {
  for (const TwinCase& each : testing::twin_cases()) {
    SCOPED_TRACE(each.name);
    const BitSpace space(each.model);
    const EvaluationSet set = each.set();
    const auto twin = make_float_twin(each.model, space, set, {});
    const auto size = static_cast<size_t>(twin->num_elements());
    const std::vector<double> exact = twin->hessian_products(testing::unit_vectors(twin->num_elements()));
    ASSERT_GT(testing::length(exact), 1e-2);
    EXPECT_LT(testing::relative_error(hessian_by_differences(*twin, 2e-3), exact), 1e-10);
    std::vector<double> transposed(exact.size());
    for (size_t i = 0; i < size; ++i) {
      for (size_t j = 0; j < size; ++j) transposed[i * size + j] = exact[j * size + i];
    }
    EXPECT_LT(testing::relative_error(transposed, exact), 1e-13);
    // Products are linear: those of directions that mix all elements, from the columns.
    const std::vector<double> directions = testing::random_vectors(20, twin->num_elements(), 6);
    std::vector<double> expected(directions.size(), 0);
    for (size_t lane = 0; lane < 20; ++lane) {
      for (size_t i = 0; i < size; ++i) {
        for (size_t j = 0; j < size; ++j)
          expected[lane * size + j] += directions[lane * size + i] * exact[i * size + j];
      }
    }
    EXPECT_LT(testing::relative_error(twin->hessian_products(directions), expected), 1e-12);
    const auto narrow = make_float_twin(each.model, space, set, {.precision = Precision::float32});
    EXPECT_LT(testing::relative_error(narrow->hessian_products(directions), expected), 5e-6);
  }
}

TEST(Hessian, OfOneSoftmaxLayerIsTheClosedForm) {
  testing::Random random(3);
  const Format in{6, 1, true};
  const Model model = Model::build("one", {testing::input_layer({4}, in), testing::dense_layer("d", 0, 0, 1)},
                                   {testing::random_parameter("k", {3, 4}, Format{6, 0, true}, random),
                                    testing::random_parameter("b", {3}, Format{6, 1, true}, random)});
  const EvaluationSet set = testing::random_set(model, 30, 8);
  const BitSpace space(model);
  const auto twin = make_float_twin(model, space, set, {});
  const size_t size = 15;
  std::vector<double> expected(size * size, 0);
  for (int64_t n = 0; n < set.count; ++n) {
    double z[3], x[5], sum = 0;
    for (size_t i = 0; i < 4; ++i) x[i] = double(set.codes[size_t(n) * 4 + i]) / 16;
    x[4] = 1;  // of the bias
    for (size_t c = 0; c < 3; ++c) {
      z[c] = double(model.parameters()[1].codes[c]) / 16;
      for (size_t i = 0; i < 4; ++i) z[c] += double(model.parameters()[0].codes[c * 4 + i]) / 32 * x[i];
      sum += z[c] = std::exp(z[c]);
    }
    // d2 loss = (diag p - p p^T) in the outputs, times x x^T in what they read.
    const auto element = [](size_t c, size_t i) { return i < 4 ? c * 4 + i : 12 + c; };
    for (size_t a = 0; a < 15; ++a) {
      for (size_t b = 0; b < 15; ++b) {
        const size_t c = a / 5, d = b / 5, i = a % 5, j = b % 5;
        expected[element(c, i) * size + element(d, j)] +=
            ((c == d ? z[c] / sum : 0) - z[c] * z[d] / sum / sum) * x[i] * x[j] / double(set.count);
      }
    }
  }
  EXPECT_LT(testing::relative_error(twin->hessian_products(testing::unit_vectors(15)), expected), 1e-13);
}

TEST(Hessian, DifferencesAgree) {
  for (const TwinCase& each : testing::twin_cases()) {
    SCOPED_TRACE(each.name);
    const BitSpace space(each.model);
    const EvaluationSet set = each.set();
    const auto wide = make_float_twin(each.model, space, set, {});
    const auto narrow = make_float_twin(each.model, space, set, {.precision = Precision::float32});
    std::vector<double> directions = testing::random_vectors(19, wide->num_elements(), 12);
    // Lengths do not matter, nor does a direction of length zero.
    const auto size = static_cast<size_t>(wide->num_elements());
    for (size_t i = 0; i < size; ++i) directions[i] *= 1e4, directions[2 * size + i] = 0;
    const std::vector<double> exact = wide->hessian_products(directions);
    const std::vector<double> found = wide->difference_products(directions, {});
    for (size_t lane = 0; lane < 19; ++lane) {
      const auto row = [&](const std::vector<double>& all) {
        return std::vector<double>(all.begin() + int64_t(lane * size),
                                   all.begin() + int64_t((lane + 1) * size));
      };
      if (lane == 2) {
        EXPECT_EQ(testing::length(row(found)), 0);
        continue;
      }
      EXPECT_LT(testing::relative_error(row(found), row(exact)), 1e-5) << lane;
    }
    EXPECT_LT(testing::relative_error(wide->difference_products(directions, {1e-3, true}), exact), 1e-8);
    EXPECT_LT(testing::relative_error(narrow->difference_products(directions, {2e-3, false}), exact), 2e-3);
  }
}

/// Differences of gradients of the network that rounds its parameters, and all else, anew.
std::vector<double> unfrozen_product(const TwinCase& each, FloatTwin& twin, const BitSpace& space,
                                     const std::vector<double>& direction, double step) {
  std::vector<double> product(direction.size(), 0);
  for (double sign : {1.0, -1.0}) {
    ParameterOperands operands = PlainNetwork(each.model).clean_parameters();
    size_t element = 0;
    for (BitId id = 0; id < space.size(); ++id) {
      const BitAddress at = space.address(id);
      if (at.bit != 0) continue;
      const Parameter& parameter = each.model.parameters()[size_t(at.parameter)];
      int32_t& operand = operands[size_t(at.parameter)][size_t(at.element)];
      const double value = std::ldexp(double(operand), -parameter.format.frac_bits()) +
                           sign * step * direction[element++] / testing::length(direction);
      operand = quantize(value, parameter.format);
    }
    twin.freeze_at(operands);
    const std::vector<double> gradient = twin.moments({}).gradient;
    for (size_t i = 0; i < product.size(); ++i)
      product[i] += sign * gradient[i] * testing::length(direction) / (2 * step);
  }
  twin.freeze_at(PlainNetwork(each.model).clean_parameters());
  return product;
}

TEST(Hessian, DifferencesOfTheNetworkThatRoundsDoNot) {
  for (const char* name : {"relu", "conv2d and max_pool"}) {
    const TwinCase& each = testing::twin_case(name);
    const BitSpace space(each.model);
    const EvaluationSet set = each.set();
    const auto twin = make_float_twin(each.model, space, set, {});
    const std::vector<double> direction = testing::random_vectors(1, twin->num_elements(), 12);
    const std::vector<double> exact = twin->hessian_products(direction);
    for (double step : {1.0, 3e-1, 1e-1, 3e-2, 1e-2, 1e-3, 1e-4}) {
      EXPECT_GT(testing::relative_error(unfrozen_product(each, *twin, space, direction, step), exact), 0.1)
          << name << ", step " << step;
      if (step < 1e-2) {
        EXPECT_LT(testing::relative_error(twin->difference_products(direction, {.step = step}), exact), 1e-5);
      }
    }
  }
}

TEST(Curvature, IsTheDiagonalOfTheHessian) {
  for (const TwinCase& each : testing::twin_cases()) {
    SCOPED_TRACE(each.name);
    const BitSpace space(each.model);
    const EvaluationSet set = each.set();
    const auto twin = make_float_twin(each.model, space, set, {});
    EXPECT_EQ(twin->diagonal_is_exact(), each.name != "a kernel in two layers");
    const std::vector<double> curvature = twin->moments({.curvature = CurvatureSeeds::exact}).curvature;
    const std::vector<double> hessian = twin->hessian_products(testing::unit_vectors(twin->num_elements()));
    std::vector<double> diagonal;
    for (size_t i = 0; i < curvature.size(); ++i) diagonal.push_back(hessian[i * curvature.size() + i]);
    const double error = testing::relative_error(curvature, diagonal);
    if (twin->diagonal_is_exact()) {
      EXPECT_LT(error, 1e-10);
    } else {
      EXPECT_GT(error, 1e-3);
    }
  }
}

/// The gradient of one output of one sample: an error of outputs / 2 in this output alone, times 2 / outputs.
std::vector<double> output_gradient(const TwinCase& each, const BitSpace& space, EvaluationSet set,
                                    int64_t sample, int64_t output, int64_t outputs) {
  // The clean output, from a regression onto zero: its gradient is not needed, its targets are.
  PlainNetwork network(each.model);
  Workspace workspace = network.make_workspace();
  for (int64_t i = 0; i < set.sample_size; ++i)
    workspace.narrow[0][size_t(i) * 32] = set.codes[size_t(sample * set.sample_size + i)];
  network.run(network.clean_parameters(), workspace.activations);
  const auto scored = size_t(network.scored_buffer());
  set.codes.assign(set.codes.begin() + sample * set.sample_size,
                   set.codes.begin() + (sample + 1) * set.sample_size);
  set.count = 1;
  set.task = Task::regression;
  set.labels.clear();
  set.num_targets = int(outputs);
  set.targets.clear();
  for (int64_t c = 0; c < outputs; ++c) {
    const auto place = size_t(c) * 32;
    const double code = workspace.wide[scored].empty() ? workspace.narrow[scored][place]
                                                       : double(workspace.wide[scored][place]);
    const double z = std::ldexp(code, -each.model.type(each.model.scored_layer()).frac_bits);
    set.targets.push_back(float(c == output ? z - double(outputs) / 2 : z));
  }
  return make_float_twin(each.model, space, set, {})->moments({}).gradient;
}

TEST(Curvature, OfSharedParametersIsThatOfTheSumOfTheirUses) {
  const TwinCase& each = testing::twin_case("a kernel in two layers");
  const BitSpace space(each.model);
  EvaluationSet set = each.set(10);
  set.task = Task::regression;
  set.labels.clear();
  const int64_t outputs = 4;
  set.num_targets = 4;
  set.targets.assign(40, 0.5f);
  const auto twin = make_float_twin(each.model, space, set, {});
  const GradientMoments moments = twin->moments({.curvature = CurvatureSeeds::exact});
  std::vector<double> expected(moments.curvature.size(), 0);
  for (int64_t n = 0; n < set.count; ++n) {
    for (int64_t c = 0; c < outputs; ++c) {
      const std::vector<double> gradient = output_gradient(each, space, set, n, c, outputs);
      for (size_t i = 0; i < expected.size(); ++i)
        expected[i] += gradient[i] * gradient[i] * 2 / double(outputs) / double(set.count);
    }
  }
  EXPECT_LT(testing::relative_error(moments.curvature, expected), 1e-6);
}

TEST(Curvature, SampledIsUnbiased) {
  for (const char* name : {"relu", "threshold", "a kernel in two layers", "regression"}) {
    const TwinCase& each = testing::twin_case(name);
    SCOPED_TRACE(name);
    const BitSpace space(each.model);
    const EvaluationSet set = each.set(20);
    const auto twin = make_float_twin(each.model, space, set, {});
    const std::vector<double> exact = twin->moments({.curvature = CurvatureSeeds::exact}).curvature;
    const int draws = 400;
    std::vector<double> sum(exact.size(), 0), squares(exact.size(), 0);
    double trace = 0, trace_sum = 0, trace_squares = 0;
    for (int seed = 0; seed < draws; ++seed) {
      const std::vector<double> one =
          twin->moments({.curvature = CurvatureSeeds::sampled, .seed = uint64_t(seed)}).curvature;
      double one_trace = 0;
      for (size_t i = 0; i < one.size(); ++i) {
        sum[i] += one[i];
        squares[i] += one[i] * one[i];
        one_trace += one[i];
      }
      trace_sum += one_trace;
      trace_squares += one_trace * one_trace;
    }
    const auto check = [&](double expected, double total, double total_squares, double errors) {
      const double mean = total / draws;
      const double error = std::sqrt(std::max(total_squares / draws - mean * mean, 0.0) / draws);
      EXPECT_LE(std::abs(mean - expected), errors * error + 1e-12 * expected);
    };
    for (size_t i = 0; i < exact.size(); ++i) {
      check(exact[i], sum[i], squares[i], 4.5);
      trace += exact[i];
    }
    check(trace, trace_sum, trace_squares, 4);
    EXPECT_EQ(twin->moments({.curvature = CurvatureSeeds::sampled, .seed = 7}).curvature,
              twin->moments({.curvature = CurvatureSeeds::sampled, .seed = 7}).curvature);
  }
}

/// The message of the InputError that a call throws.
template <typename Call>
std::string refusal(Call call) {
  try {
    call();
  } catch (const InputError& error) {
    return error.what();
  }
  return "nothing was refused";
}

TEST(FloatTwinRefusals, NameWhatDoesNotFit) {
  const Model model = testing::tiny_mlp();
  const BitSpace space(model);
  const EvaluationSet good = testing::random_set(model, 5, 1);
  const auto refused = [&](auto change) {
    EvaluationSet set = good;
    change(set);
    return refusal([&] { make_float_twin(model, space, set, {}); });
  };
  using ::testing::Test;
  EXPECT_NE(refused([](EvaluationSet& set) { set.count = 0; }).find("no samples"), std::string::npos);
  EXPECT_NE(refused([](EvaluationSet& set) { set.labels.clear(); }).find("0 labels, expected 5"),
            std::string::npos);
  EXPECT_NE(refused([](EvaluationSet& set) { set.labels[2] = 3; }).find("label 3 is out of range"),
            std::string::npos);
  EXPECT_NE(refused([](EvaluationSet& set) { set.labels[2] = -1; }).find("label -1"), std::string::npos);
  EXPECT_NE(refused([](EvaluationSet& set) { set.codes.pop_back(); }).find("29 codes, expected 30"),
            std::string::npos);
  EXPECT_NE(refused([](EvaluationSet& set) { set.codes[3] = 32; }).find("input code 32"), std::string::npos);
  EXPECT_NE(refused([](EvaluationSet& set) {
              set.task = Task::regression;
              set.labels.clear();
              set.targets.assign(14, 0);
            }).find("14 targets, expected 15"),
            std::string::npos);
  const auto twin = make_float_twin(model, space, good, {});
  const std::vector<double> odd(static_cast<size_t>(twin->num_elements() + 1), 0);
  EXPECT_NE(refusal([&] { twin->losses_at(odd); }).find("54 numbers"), std::string::npos);
  EXPECT_NE(refusal([&] { twin->hessian_products(odd); }).find("54 numbers"), std::string::npos);
  EXPECT_NE(refusal([&] { twin->difference_products({}, {.step = 0}); }).find("step"), std::string::npos);
  EXPECT_NE(refusal([&] { twin->moments({.begin = 3, .end = 6}); }).find("[3, 6)"), std::string::npos);
  EXPECT_NE(refusal([&] { twin->moments({.begin = 3, .end = 3}); }).find("[3, 3)"), std::string::npos);
  EXPECT_TRUE(twin->hessian_products({}).empty());
  EXPECT_TRUE(twin->losses_at({}).empty());
}

}  // namespace
}  // namespace netsurf
