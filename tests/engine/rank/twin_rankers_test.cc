// The laws of the rankers that read the float twin, each against its definition worked out slowly on a small
// pruned network.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/base/error.h"
#include "engine/gradient/float_twin.h"
#include "engine/rank/flip_table.h"
#include "engine/rank/order.h"
#include "engine/rank/ranker.h"
#include "tests/engine/rank/eigen.h"
#include "tests/engine/rank/models.h"
#include "tests/support/models.h"

namespace netsurf {
namespace {

using ::testing::HasSubstr;
using Words = std::map<std::string, std::string>;

/// |a - b| against a tolerance; never true of NaN.
void expect_close(double found, double expected, double tolerance, const std::string& where) {
  ASSERT_TRUE(std::isfinite(found) && std::isfinite(expected)) << where;
  EXPECT_NEAR(found, expected, tolerance * (1e-3 + std::fabs(expected))) << where;
}

/// Eigenvectors are found to a residual of 1e-6 of the largest eigenvalue: what they give is right beside the
/// largest score, small ones are not right to so many digits of their own.
void expect_close_to(double found, double expected, double largest, const std::string& where) {
  ASSERT_TRUE(std::isfinite(found) && std::isfinite(expected)) << where;
  EXPECT_NEAR(found, expected, 1e-4 * largest) << where;
}

class TwinRankers : public ::testing::Test {
 protected:
  Model model_ = test::make_network(3);
  BitSpace space_ = BitSpace(model_);
  EvaluationSet data_ = test::make_data(model_, 60);
  FlipTable flips_ = flip_table(model_, space_);
  std::unique_ptr<FloatTwin> twin_ = make_float_twin(model_, space_, data_, {});

  /// In float64, where the method passes over the twin.
  std::vector<double> scores(std::string_view method, Words words = {}) const {
    RankRequest request{model_, space_};
    request.data = &data_;
    const RankerRow& row = find_ranker(method);
    for (const RankerOption& option : row.options) {
      if (option.name == "precision") words["precision"] = "float64";
    }
    request.settings = RankerSettings(row.name, row.options, words);
    return rank(method, request).score;
  }
  std::string where(std::string_view method, size_t id) const {
    return std::string(method) + " bit " + std::to_string(id);
  }
  std::vector<double> values() const {
    std::vector<double> values(static_cast<size_t>(flips_.num_elements));
    for (BitId id = 0; id < space_.size(); ++id) {
      BitAddress at = space_.address(id);
      const Parameter& parameter = model_.parameters()[static_cast<size_t>(at.parameter)];
      values[flips_.element[id]] =
          parameter.operand(parameter.codes[static_cast<size_t>(at.element)]) * parameter.format.step();
    }
    return values;
  }
  /// The Hessian, row after row.
  std::vector<double> hessian() const {
    auto n = static_cast<size_t>(flips_.num_elements);
    std::vector<double> units(n * n);
    for (size_t i = 0; i < n; ++i) units[i * n + i] = 1;
    return twin_->hessian_products(units);
  }
  /// Every bit's place, 0 for the most significant of its element.
  int place_of(BitId id) const {
    BitAddress at = space_.address(id);
    return model_.parameters()[static_cast<size_t>(at.parameter)].format.bits - 1 - at.bit;
  }
};

TEST_F(TwinRankers, GradIsTheSizeOfTheSlopeOfTheLoss) {
  auto n = static_cast<size_t>(flips_.num_elements);
  constexpr double kStep = 1e-5;
  std::vector<double> score = scores("grad"), with_sign = scores("grad", {{"absolute_value", "0"}});
  for (size_t i = 0; i < n; ++i) {
    std::vector<double> steps(2 * n);
    steps[i] = kStep;
    steps[n + i] = -kStep;
    std::vector<double> losses = twin_->losses_at(steps);
    double slope = (losses[0] - losses[1]) / (2 * kStep);
    for (BitId id = 0; id < space_.size(); ++id) {
      if (flips_.element[id] != i) continue;
      expect_close(score[id], std::fabs(slope), 1e-6, where("grad", id));
      expect_close(with_sign[id], slope, 1e-6, where("grad", id));
    }
  }
}

TEST_F(TwinRankers, GradNormGoesFromZeroToOneInEveryTensor) {
  std::vector<double> score = scores("grad_norm"), plain = scores("grad");
  for (const BitSpace::Segment& segment : space_.segments()) {
    auto [low, high] = std::minmax_element(plain.begin() + segment.begin, plain.begin() + segment.end);
    for (BitId id = segment.begin; id < segment.end; ++id)
      expect_close(score[id], (plain[id] - *low) / (*high - *low), 1e-12, where("grad_norm", id));
  }
  EXPECT_EQ(scores("grad", {{"normalize_score", "1"}}), score);
}

TEST_F(TwinRankers, GraddeltaIsTheGradientAtTheChangesOfAPlace) {
  std::vector<double> score = scores("graddelta");
  for (int place = 0; place < 9; ++place) {
    ParameterOperands operands = PlainNetwork(model_).clean_parameters();
    for (BitId id = 0; id < space_.size(); ++id) {
      if (place_of(id) != place) continue;
      BitAddress at = space_.address(id);
      operands[static_cast<size_t>(at.parameter)][static_cast<size_t>(at.element)] = static_cast<int32_t>(
          flips_.step[id] / model_.parameters()[static_cast<size_t>(at.parameter)].format.step());
    }
    twin_->freeze_at(operands);
    std::vector<double> gradient = twin_->moments({}).gradient;
    for (BitId id = 0; id < space_.size(); ++id) {
      if (place_of(id) == place)
        expect_close(score[id], std::fabs(gradient[flips_.element[id]]), 1e-12, where("graddelta", id));
    }
  }
}

TEST_F(TwinRankers, FisherIsTheMeanOfSquaredGradientsOfSingleSamples) {
  std::vector<double> squares(static_cast<size_t>(flips_.num_elements));
  for (int64_t n = 0; n < data_.count; ++n) {
    MomentsRequest one;
    one.begin = n;
    one.end = n + 1;
    std::vector<double> gradient = twin_->moments(one).gradient;
    for (size_t i = 0; i < squares.size(); ++i)
      squares[i] += gradient[i] * gradient[i] / static_cast<double>(data_.count);
  }
  std::vector<double> score = scores("fisher");
  for (BitId id = 0; id < space_.size(); ++id)
    expect_close(score[id], squares[flips_.element[id]], 1e-9, where("fisher", id));
}

TEST_F(TwinRankers, CurvatureIsHalfTheSecondDifferenceOfTheLoss) {
  auto n = static_cast<size_t>(flips_.num_elements);
  constexpr double kStep = 1e-3;
  std::vector<double> curvature = scores("curvature"), taylor = scores("taylor2"), grad = scores("grad");
  double loss = twin_->moments({}).loss;
  for (BitId id = 0; id < space_.size(); ++id) {
    std::vector<double> steps(2 * n);
    steps[flips_.element[id]] = kStep;
    steps[n + flips_.element[id]] = -kStep;
    std::vector<double> losses = twin_->losses_at(steps);
    double h = (losses[0] + losses[1] - 2 * loss) / (kStep * kStep), d = flips_.step[id];
    expect_close(curvature[id], h * d * d / 2, 1e-4, where("curvature", id));
    expect_close(taylor[id], grad[id] * std::fabs(d) + curvature[id], 1e-12, where("taylor2", id));
  }
}

TEST_F(TwinRankers, EveryWayToTheDiagonalLeadsThere) {
  std::vector<double> exact = scores("curvature", {{"diagonal", "exact"}});
  EXPECT_EQ(scores("curvature"), exact) << "no parameter of this network belongs to two layers";
  std::vector<double> xdiag = scores("curvature", {{"diagonal", "xdiag"}, {"products", "1000"}});
  double error = 0, length = 0;
  for (size_t id = 0; id < exact.size(); ++id) {
    expect_close(xdiag[id], exact[id], 1e-6, where("curvature", id));
    error += std::pow(scores("curvature", {{"diagonal", "sampled"}})[id] - exact[id], 2);
    length += exact[id] * exact[id];
    if (id > 40) break;
  }
  EXPECT_LT(error, 0.5 * length) << "drawn labels give the diagonal on average";
  EXPECT_GT(error, 0) << "and are not the exact way";
}

TEST(Diagonal, OfThousandsOfOutputsTakesNoPassForEach) {
  for (int outputs : {1024, 1025}) {
    Model model = test::make_dense(outputs, 1, Format{4, 0, true});
    BitSpace space(model);
    EvaluationSet data = test::make_data(model, 4);
    auto scores = [&](const std::string& way) {
      RankRequest request{model, space};
      request.data = &data;
      const RankerRow& row = find_ranker("curvature");
      request.settings = RankerSettings(row.name, row.options, {{"diagonal", way}, {"products", "8"}});
      return rank(row.name, request).score;
    };
    EXPECT_NE(scores("exact"), scores("xdiag"));
    EXPECT_EQ(scores("auto"), scores(outputs == 1024 ? "exact" : "xdiag"));
  }
}

TEST_F(TwinRankers, ImpactHessianIsTheImpactTimesTheCurvature) {
  std::vector<double> impact = scores("qpolar"), curvature = scores("curvature"),
                      both = scores("impact_hessian");
  for (BitId id = 0; id < space_.size(); ++id) {
    double h = 2 * curvature[id] / (flips_.step[id] * flips_.step[id]);
    expect_close(both[id], impact[id] * h, 1e-9, where("impact_hessian", id));
  }
}

TEST_F(TwinRankers, LaplaceComesNearTheDiagonalWithManyProbes) {
  auto n = static_cast<size_t>(flips_.num_elements);
  std::vector<double> matrix = hessian();
  std::vector<double> score = scores("laplace", {{"num_hutchinson_samples", "4000"}});
  for (BitId id = 0; id < space_.size(); ++id) {
    size_t i = flips_.element[id];
    double rest = 0;
    for (size_t j = 0; j < n; ++j) rest += j == i ? 0 : matrix[i * n + j] * matrix[i * n + j];
    // Six standard errors of the mean of 4,000 probes.
    ASSERT_TRUE(std::isfinite(score[id]));
    EXPECT_NEAR(score[id], std::fabs(matrix[i * n + i]), 6 * std::sqrt(rest / 4000) + 1e-12);
  }
}

TEST_F(TwinRankers, HessianScoresByTheLeadingEigenpairs) {
  auto n = static_cast<size_t>(flips_.num_elements);
  test::Eigen eigen = test::eigen_of(hessian(), n);
  std::vector<double> value = values(), expected(n);
  for (size_t j = 0; j < 4; ++j) {
    for (size_t i = 0; i < n; ++i)
      expected[i] += std::fabs(eigen.values[j] * eigen.vectors[j * n + i] * value[i]);
  }
  std::vector<double> same = scores("hessian", {{"eigen_k_top", "4"}});
  std::vector<double> msb = scores("hessian", {{"eigen_k_top", "4"}, {"inner_ranking_method", "msb"}});
  std::vector<double> halved =
      scores("hessian", {{"eigen_k_top", "4"}, {"inner_ranking_method", "hierarchical"}});
  std::vector<double> differences = scores("hessian", {{"eigen_k_top", "4"}, {"hvp", "differences"}});
  double largest = *std::max_element(expected.begin(), expected.end());
  for (BitId id = 0; id < space_.size(); ++id) {
    double score = expected[flips_.element[id]];
    expect_close_to(same[id], score, largest, where("hessian", id));
    expect_close_to(msb[id], place_of(id) == 0 ? score : 0, largest, where("hessian msb", id));
    expect_close_to(halved[id], std::ldexp(score, -place_of(id)), largest, where("hessian hierarchical", id));
    expect_close_to(differences[id], score, largest, where("hessian differences", id));
  }
}

TEST_F(TwinRankers, HessiandeltaIsTheSameAtTheChangesOfAPlace) {
  auto n = static_cast<size_t>(flips_.num_elements);
  std::vector<double> score = scores("hessiandelta", {{"eigen_k_top", "1"}});
  for (int place : {0, 3}) {
    ParameterOperands operands = PlainNetwork(model_).clean_parameters();
    std::vector<double> value = values();
    for (BitId id = 0; id < space_.size(); ++id) {
      if (place_of(id) != place) continue;
      BitAddress at = space_.address(id);
      operands[static_cast<size_t>(at.parameter)][static_cast<size_t>(at.element)] = static_cast<int32_t>(
          flips_.step[id] / model_.parameters()[static_cast<size_t>(at.parameter)].format.step());
      value[flips_.element[id]] = flips_.step[id];
    }
    twin_->freeze_at(operands);
    test::Eigen eigen = test::eigen_of(hessian(), n);
    double largest = 0;
    for (size_t i = 0; i < n; ++i)
      largest = std::max(largest, std::fabs(eigen.values[0] * eigen.vectors[i] * value[i]));
    for (BitId id = 0; id < space_.size(); ++id) {
      size_t i = flips_.element[id];
      if (place_of(id) == place)
        expect_close_to(score[id], std::fabs(eigen.values[0] * eigen.vectors[i] * value[i]), largest,
                        where("hessiandelta", id));
    }
  }
}

TEST_F(TwinRankers, FkerasLayersTheBitsOfItsElementOrder) {
  auto n = static_cast<size_t>(flips_.num_elements);
  test::Eigen eigen = test::eigen_of(hessian(), n);
  std::vector<double> value = values(), expected(n);
  for (size_t j = 0; j < 3; ++j) {
    double share = 0;
    for (size_t i = 0; i < n; ++i) share += eigen.vectors[j * n + i] * value[i];
    for (size_t i = 0; i < n; ++i)
      expected[i] += eigen.values[j] * eigen.values[j] * std::fabs(share * eigen.vectors[j * n + i]);
  }
  RankRequest request{model_, space_};
  request.data = &data_;
  const RankerRow& row = find_ranker("fkeras");
  request.settings = RankerSettings("fkeras", row.options, {{"k", "3"}, {"precision", "float64"}});
  Ranking ranking = rank("fkeras", request);
  double largest = *std::max_element(expected.begin(), expected.end());
  for (BitId id = 0; id < space_.size(); ++id)
    expect_close_to(ranking.score[id], expected[flips_.element[id]], largest, where("fkeras", id));
  for (size_t i = 1; i < ranking.order.size(); ++i) {
    BitId left = ranking.order[i - 1], right = ranking.order[i];
    EXPECT_LE(std::tuple(place_of(left), -ranking.score[left], left),
              std::tuple(place_of(right), -ranking.score[right], right));
  }
}

TEST_F(TwinRankers, FkerasOwnIterationFindsTheFirstPairAndSpoilsLaterOnes) {
  Words one = {{"k", "1"}, {"max_iter", "3000"}}, own = one;
  own["deflation"] = "per_tensor";
  std::vector<double> right = scores("fkeras", one), found = scores("fkeras", own);
  // Its stopping rule leaves the vector inexact.
  double error = 0, length = 0;
  for (size_t id = 0; id < right.size(); ++id) {
    error += std::pow(found[id] - right[id], 2);
    length += right[id] * right[id];
  }
  EXPECT_LT(error, 0.05 * length);
  one["k"] = own["k"] = "8";
  EXPECT_NE(scores("fkeras", one), scores("fkeras", own));
}

TEST_F(TwinRankers, PrunedElementsChangeNothingForTheOthers) {
  BitSpace stored(model_, BitSpace::Pruned::stored);
  for (const char* method : {"grad", "fisher", "curvature", "qpolar"}) {
    RankRequest with_all{model_, stored}, without{model_, space_};
    with_all.data = without.data = &data_;
    Words clean;
    const RankerRow& row = find_ranker(method);
    if (row.name == "qpolar") clean["inputs"] = "clean";  // all bits flipped are others where more are stored
    with_all.settings = without.settings = RankerSettings(row.name, row.options, clean);
    Ranking all = rank(method, with_all), present = rank(method, without);
    for (BitId id = 0; id < space_.size(); ++id)
      expect_close(all.score[stored.id(space_.address(id))], present.score[id], 1e-5, where(method, id));
  }
}

TEST_F(TwinRankers, MorePairsThanElementsAreRefused) {
  for (const char* method : {"hessian", "hessiandelta", "fkeras"}) {
    std::string key = std::string(method) == "fkeras" ? "k" : "eigen_k_top";
    try {
      scores(method, {{key, "1000"}});
      ADD_FAILURE() << method;
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), HasSubstr(key + "=1000"));
      EXPECT_THAT(error.what(), HasSubstr(std::to_string(flips_.num_elements) + " elements"));
    }
  }
}

TEST(NonFinite, AGradientBeyondTheNumbersNamesTheMethod) {
  using namespace testing;
  std::vector<Layer> layers = {input_layer({2}, Format{4, 3, true}), dense_layer("d", 0, 0)};
  layers[1].unit = 0x1p64f;  // squared errors overflow float32
  Parameter kernel = given_parameter("kernel", {1, 2}, Format{4, 3, true}, {3, 5});
  Model model = Model::build("large", layers, {kernel});
  BitSpace space(model);
  EvaluationSet data;
  data.task = Task::regression;
  data.count = 1;
  data.sample_size = 2;
  data.codes = {3, 4};
  data.num_targets = 1;
  data.targets = {0};
  RankRequest request{model, space};
  request.data = &data;
  for (const char* method : {"grad", "graddelta", "fisher", "taylor2", "curvature", "hessian", "laplace"}) {
    const RankerRow& row = find_ranker(method);
    Words words;
    if (row.name == "hessian") words["eigen_k_top"] = "1";
    request.settings = RankerSettings(row.name, row.options, words);
    try {
      rank(method, request);
      ADD_FAILURE() << method << " ranked what is not finite";
    } catch (const RunError& error) {
      EXPECT_THAT(error.what(), HasSubstr(std::string("method ") + method));
    }
  }
}

}  // namespace
}  // namespace netsurf
