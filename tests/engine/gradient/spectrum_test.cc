#include "engine/gradient/spectrum.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "engine/base/error.h"
#include "tests/engine/gradient/twin_models.h"
#include "tests/engine/rank/models.h"

namespace netsurf {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using testing::TwinCase;

double sum(const std::vector<double>& numbers) {
  return std::accumulate(numbers.begin(), numbers.end(), 0.0);
}

TEST(Spectrum, IsThatOfTheHessianFormedColumnByColumn) {
  int by_passes = 0, by_products = 0;
  for (const TwinCase& each : testing::twin_cases()) {
    SCOPED_TRACE(each.name);
    const BitSpace space(each.model);
    const EvaluationSet set = each.set();
    const auto twin = make_float_twin(each.model, space, set, {});
    const auto n = static_cast<size_t>(twin->num_elements());
    const std::vector<double> hessian = twin->hessian_products(testing::unit_vectors(twin->num_elements()));
    std::vector<double> diagonal;
    double squares = 0;
    for (size_t i = 0; i < n; ++i) diagonal.push_back(hessian[i * n + i]);
    for (double each_entry : hessian) squares += each_entry * each_entry;

    SpectrumOptions options;
    options.eigen.count = static_cast<int>(n);
    options.eigen.block = static_cast<int>(n);
    options.products = static_cast<int64_t>(n);
    const Spectrum spectrum = spectrum_of(*twin, options, {});
    (twin->exact_diagonal_pays() ? by_passes : by_products) += 1;
    EXPECT_TRUE(spectrum.is_exact) << "estimates are, from n products on";
    EXPECT_LT(testing::relative_error(spectrum.diagonal.diagonal, diagonal), 1e-9);
    EXPECT_NEAR(spectrum.trace.trace, sum(diagonal), 1e-9 * testing::length(diagonal));
    EXPECT_NEAR(sum(spectrum.eigen.values), sum(diagonal), 1e-9 * testing::length(diagonal));
    EXPECT_NEAR(std::pow(testing::length(spectrum.eigen.values), 2), squares, 1e-9 * squares);
    const GradientMoments moments = twin->moments({});
    EXPECT_EQ(spectrum.loss, moments.loss);
    EXPECT_NEAR(spectrum.gradient_norm, testing::length(moments.gradient), 1e-12);

    options.differences = true;
    options.eigen.count = options.eigen.block = 4;
    const Spectrum near = spectrum_of(*twin, options, {});
    EXPECT_NEAR(near.eigen.values[0], spectrum.eigen.values[0], 1e-4 * std::fabs(near.eigen.values[0]));
  }
  EXPECT_GT(by_passes, 0);
  EXPECT_GT(by_products, 0);
}

class SpectrumOfASmallTwin : public ::testing::Test {
 protected:
  const Model& model_ = testing::twin_cases().front().model;
  BitSpace space_ = BitSpace(model_);
  EvaluationSet set_ = testing::twin_cases().front().set();
  std::unique_ptr<FloatTwin> twin_ = make_float_twin(model_, space_, set_, {});
};

TEST_F(SpectrumOfASmallTwin, ReportsHowFarItIsAndStopsWhenAsked) {
  std::vector<double> shares;
  std::atomic<bool> stop = false;
  SpectrumWatch watch;
  watch.stop = &stop;
  watch.progress = [&](double done, const char*) { shares.push_back(done); };
  SpectrumOptions options;
  options.eigen.count = 2;
  spectrum_of(*twin_, options, watch);
  ASSERT_FALSE(shares.empty());
  for (double share : shares) EXPECT_TRUE(share > 0 && share <= 1) << share;
  stop = true;
  EXPECT_THROW(spectrum_of(*twin_, options, watch), RunError);
}

TEST(Spectrum, EstimatesWhereAPassPerOutputWouldBeTooMany) {
  const Model model = test::make_dense(1025, 2, Format{4, 1, true});
  const BitSpace space(model);
  const EvaluationSet set = test::make_data(model, 10);
  const auto twin = make_float_twin(model, space, set, {});
  SpectrumOptions options;
  options.eigen.count = 2;
  options.products = 200;
  const Spectrum spectrum = spectrum_of(*twin, options, {});
  EXPECT_FALSE(spectrum.is_exact);
  MomentsRequest wanted;
  wanted.curvature = CurvatureSeeds::exact;
  const std::vector<double> diagonal = twin->moments(wanted).curvature;
  EXPECT_GT(spectrum.trace.standard_error, 0);
  EXPECT_NEAR(spectrum.trace.trace, sum(diagonal), 5 * spectrum.trace.standard_error);
  EXPECT_LT(testing::relative_error(spectrum.diagonal.diagonal, diagonal),
            3 * spectrum.diagonal.relative_error);
}

TEST_F(SpectrumOfASmallTwin, HoldsNoMoreVectorsThanFit) {
  SpectrumOptions options;
  options.eigen.count = options.eigen.block = 2;
  options.eigen.tolerance = 0;
  options.memory = static_cast<uint64_t>(8 * twin_->num_elements() * 2 * 6);
  EXPECT_EQ(spectrum_of(*twin_, options, {}).eigen.products, 3 * 2 + 2) << "three sweeps, and the residuals";
  options.memory -= 1;
  EXPECT_THAT([&] { spectrum_of(*twin_, options, {}); },
              ThrowsMessage<InputError>(HasSubstr("ask for fewer")));
}

TEST_F(SpectrumOfASmallTwin, RefusesMoreEigenvaluesThanElements) {
  SpectrumOptions options;
  options.eigen.count = static_cast<int>(twin_->num_elements()) + 1;
  EXPECT_THAT([&] { spectrum_of(*twin_, options, {}); },
              ThrowsMessage<InputError>(HasSubstr("ask for at most that many")));
}

}  // namespace
}  // namespace netsurf
