#include "engine/predict/outcome.h"

#include <algorithm>
#include <cmath>

namespace netsurf {
namespace {

class SquaredErrors final : public OutcomeRule {
 public:
  SquaredErrors(const Model& model, const EvaluationSet& set)
      : set_(set), layer_(model.scored_layer()), unit_(model.layers().back().unit) {}

  int layer() const override { return layer_; }

  OutcomeSum outcome(const LayerTile& tile, size_t) override {
    const size_t values = tile.moments.mean.size(), size = values / static_cast<size_t>(tile.samples);
    const size_t first = static_cast<size_t>(tile.begin) * size;
    double sum = 0;
    for (size_t i = 0; i < values; ++i) {
      const double target = set_.task == Task::comparison ? unit_ * tile.clean[i]
                                                          : static_cast<double>(set_.targets[first + i]);
      const double off = unit_ * tile.moments.mean[i] - target;
      sum += off * off + unit_ * unit_ * tile.moments.variance[i];
    }
    return {0, sum / static_cast<double>(size)};
  }

 private:
  const EvaluationSet& set_;
  int layer_;
  double unit_;
};

/// Cholesky's lower triangle of matrix [n, n]; a direction without variance (to rounding) gets none.
std::vector<double> cholesky(const double* matrix, int64_t n) {
  std::vector<double> result(static_cast<size_t>(n * n));
  double* lower = result.data();
  double largest = 0;
  for (int64_t i = 0; i < n; ++i) largest = std::max(largest, matrix[i * n + i]);
  for (int64_t j = 0; j < n; ++j) {
    double pivot = matrix[j * n + j];
    for (int64_t k = 0; k < j; ++k) pivot -= lower[j * n + k] * lower[j * n + k];
    if (!(pivot > 1e-12 * largest)) continue;
    lower[j * n + j] = std::sqrt(pivot);
    for (int64_t i = j + 1; i < n; ++i) {
      double sum = matrix[i * n + j];
      for (int64_t k = 0; k < j; ++k) sum -= lower[i * n + k] * lower[j * n + k];
      lower[i * n + j] = sum / lower[j * n + j];
    }
  }
  return result;
}

}  // namespace

std::unique_ptr<OutcomeRule> make_squared_errors(const Model& model, const EvaluationSet& set) {
  return std::make_unique<SquaredErrors>(model, set);
}

NormalMixer::NormalMixer(const TileMoments& moments, int samples, int sample)
    : size_(static_cast<int64_t>(moments.mean.size()) / samples), factors_(size_) {
  if (!moments.covariance.empty()) {
    lower_ = cholesky(moments.covariance.data() + sample * size_ * size_, size_);
    return;
  }
  const auto first = moments.variance.begin() + sample * size_;
  sigma_.assign(first, first + size_);
  for (double& each : sigma_) each = std::sqrt(each);
  if (moments.channels > 0) {
    factors_ = moments.channels;
    own_.resize(sigma_.size());
    for (size_t i = 0; i < own_.size(); ++i) {
      const double tie = tie_of(moments, static_cast<size_t>(sample) * own_.size() + i, own_.size(),
                                static_cast<size_t>(factors_));
      own_[i] = std::sqrt(1 - tie) * sigma_[i];
      sigma_[i] *= std::sqrt(tie);
    }
  }
  if (!moments.correlation.empty())
    lower_ = cholesky(moments.correlation.data() + sample * factors_ * factors_, factors_);
}

void NormalMixer::mix(const double* normals, double* out) const {
  std::vector<double> mixed(normals, normals + factors_);
  if (!lower_.empty()) {
    for (int64_t i = 0; i < factors_; ++i) {
      const double* row = lower_.data() + i * factors_;
      double sum = 0;
      for (int64_t k = 0; k <= i; ++k) sum += row[k] * normals[k];
      mixed[static_cast<size_t>(i)] = sum;
    }
  }
  for (size_t i = 0; i < static_cast<size_t>(size_); ++i) {
    const double factor = mixed[i % static_cast<size_t>(factors_)];
    out[i] = sigma_.empty() ? factor : sigma_[i] * factor;
    if (!own_.empty()) out[i] += own_[i] * normals[factors_ + static_cast<int64_t>(i)];
  }
}

}  // namespace netsurf
