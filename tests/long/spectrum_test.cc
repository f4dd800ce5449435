// Leading eigenvalues and the diagonal of the Hessian of networks as people train them: against a much longer
// run, and against products with unit vectors.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "engine/gradient/eigenpairs.h"
#include "engine/gradient/float_twin.h"
#include "engine/train/trainer.h"
#include "models/benchmark_file.h"
#include "models/datasets.h"

namespace netsurf {
namespace {

class Spectrum : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    std::string datasets = NETSURF_SHARED_DIR "/data";
    if (!std::filesystem::exists(datasets + "/mnist")) GTEST_SKIP() << "no MNIST at " << datasets;
    Benchmark benchmark = find_benchmark(GetParam());
    Dataset dataset = load_dataset(benchmark.dataset, datasets);
    rescale(dataset, benchmark.input_scale, benchmark.input_offset);
    TrainOptions options;
    options.epochs = 2;
    options.max_train_samples = 10000;
    model_.emplace(train(benchmark, dataset, options).freeze());
    Samples few = dataset.test;
    few.count = 200;
    few.values.resize(static_cast<size_t>(few.count * few.sample_size()));
    few.labels.resize(static_cast<size_t>(few.count));
    set_ = encode(*model_, few, dataset.task);
    space_.emplace(*model_);
    twin_ = make_float_twin(*model_, *space_, set_, {});
  }

  BlockOperator hessian() const {
    return [this](std::span<const double> rows) { return twin_->hessian_products(rows); };
  }

  std::optional<Model> model_;
  std::optional<BitSpace> space_;
  EvaluationSet set_;
  std::unique_ptr<FloatTwin> twin_;
};

TEST_P(Spectrum, TopEightAgreeWithAMuchLongerRun) {
  EigenOptions usual, longer;
  longer.max_sweeps = 40;
  longer.tolerance = 1e-11;
  longer.seed = 99;
  std::vector<double> values = top_eigenpairs(hessian(), twin_->num_elements(), usual).values,
                      reference = top_eigenpairs(hessian(), twin_->num_elements(), longer).values;
  ASSERT_EQ(values.size(), 8u);
  for (size_t i = 0; i < values.size(); ++i) {
    ASSERT_TRUE(std::isfinite(values[i]));
    EXPECT_NEAR(values[i], reference[i], 1e-4 * std::fabs(reference[i])) << i;
  }
}

TEST_P(Spectrum, TheDiagonalIsThatOfTheGaussNewtonMatrix) {
  ASSERT_TRUE(twin_->diagonal_is_exact());
  MomentsRequest request;
  request.curvature = CurvatureSeeds::exact;
  std::vector<double> diagonal = twin_->moments(request).curvature;
  double largest = *std::max_element(diagonal.begin(), diagonal.end());
  auto n = diagonal.size();
  constexpr size_t kProbes = 48;
  std::vector<double> units(kProbes * n);
  auto element = [&](size_t probe) { return probe * (n - 1) / (kProbes - 1); };
  for (size_t probe = 0; probe < kProbes; ++probe) units[probe * n + element(probe)] = 1;
  std::vector<double> products = twin_->hessian_products(units);
  int above_zero = 0;
  for (size_t probe = 0; probe < kProbes; ++probe) {
    size_t i = element(probe);
    ASSERT_TRUE(std::isfinite(products[probe * n + i]));
    EXPECT_NEAR(products[probe * n + i], diagonal[i], 1e-10 * largest) << i;
    above_zero += diagonal[i] > 1e-6 * largest ? 1 : 0;
  }
  EXPECT_GT(above_zero, 10);
}

INSTANTIATE_TEST_SUITE_P(Networks, Spectrum, testing::Values("mnist_fnn", "mnist_hls4ml"));

}  // namespace
}  // namespace netsurf
