// Dense layers, transposed convolutions and affine layers.
#include <algorithm>
#include <cmath>

#include "engine/predict/weighted_moments.h"
#include "kernels/floating/gemm.h"

namespace netsurf {
namespace {

using floating::GemmOf;

constexpr int64_t kMaxWidth = 256;  // of a dense layer whose full covariance is carried

/// Carries the full covariance of its outputs where there are not too many.
class DenseMoments final : public WeightedMoments {
 public:
  DenseMoments(const Model& model, int index, const ParameterLaw& law)
      : WeightedMoments(model, index, law), channels_(tied_channels(model, input_)) {}

 protected:
  void spread(const TileMoments& x, int samples, TileMoments& y) const override {
    if (size_ > kMaxWidth) return WeightedMoments::spread(x, samples, y);
    const auto cells = static_cast<size_t>(size_ * size_);
    y.covariance.resize(static_cast<size_t>(samples) * cells);
    for (int64_t s = 0; s < samples; ++s) {
      double* covariance = y.covariance.data() + s * size_ * size_;
      spread_one(x, s, covariance);
      for (int64_t o = 0; o < size_; ++o) {
        double& variance = y.variance[static_cast<size_t>(s * size_ + o)];
        variance += covariance[o * size_ + o];
        covariance[o * size_ + o] = variance;
      }
    }
  }

 private:
  void spread_one(const TileMoments& x, int64_t sample, double* covariance) const {
    const int out = static_cast<int>(size_), in = static_cast<int>(in_size_);
    const double* variance = x.variance.data() + sample * in_size_;
    if (!x.covariance.empty()) {
      std::vector<double> part(static_cast<size_t>(size_ * in_size_));
      gemm(GemmOf<double>{.m = out,
                          .n = in,
                          .k = in,
                          .a = kernel_.mean.data(),
                          .b = x.covariance.data() + sample * in_size_ * in_size_,
                          .c = part.data()});
      gemm(GemmOf<double>{.transpose_b = true,
                          .m = out,
                          .n = out,
                          .k = in,
                          .a = part.data(),
                          .b = kernel_.mean.data(),
                          .c = covariance});
      return;
    }
    // Cov(x) = F F^T with as many columns as there are things that vary: elements, or channels whose pixels
    // move together. Then W Cov(x) W^T = (W F) (W F)^T.
    const int64_t factors = channels_ > 0 ? channels_ : in_size_;
    std::vector<double> moved(static_cast<size_t>(size_ * factors));
    for (int64_t i = 0; i < in_size_; ++i) {
      const auto at = static_cast<size_t>(sample * in_size_ + i);
      const double tie = tie_of(x, at, static_cast<size_t>(in_size_), static_cast<size_t>(factors));
      const double sigma = std::sqrt(tie * variance[i]);
      if (sigma == 0) continue;
      for (int64_t o = 0; o < size_; ++o) {
        moved[static_cast<size_t>(o * factors + i % factors)] +=
            kernel_.mean[static_cast<size_t>(o * in_size_ + i)] * sigma;
      }
    }
    std::vector<double> together = moved;
    if (!x.correlation.empty()) {
      gemm(GemmOf<double>{.m = out,
                          .n = static_cast<int>(factors),
                          .k = static_cast<int>(factors),
                          .a = moved.data(),
                          .b = x.correlation.data() + sample * factors * factors,
                          .c = together.data()});
    }
    gemm(GemmOf<double>{.transpose_b = true,
                        .m = out,
                        .n = out,
                        .k = static_cast<int>(factors),
                        .a = together.data(),
                        .b = moved.data(),
                        .c = covariance});
    if (!x.tie.empty()) spread_free(x, sample, covariance);
  }

  /// What pixels do not have in common.
  void spread_free(const TileMoments& x, int64_t sample, double* covariance) const {
    std::vector<double> free(static_cast<size_t>(size_ * in_size_));
    for (int64_t i = 0; i < in_size_; ++i) {
      const auto at = static_cast<size_t>(sample * in_size_ + i);
      const double share = 1 - tie_of(x, at, static_cast<size_t>(in_size_), static_cast<size_t>(channels_));
      const double sigma = std::sqrt(share * x.variance[at]);
      for (int64_t o = 0; o < size_; ++o) {
        const auto cell = static_cast<size_t>(o * in_size_ + i);
        free[cell] = kernel_.mean[cell] * sigma;
      }
    }
    gemm(GemmOf<double>{.transpose_b = true,
                        .m = static_cast<int>(size_),
                        .n = static_cast<int>(size_),
                        .k = static_cast<int>(in_size_),
                        .a = free.data(),
                        .b = free.data(),
                        .c = covariance,
                        .beta = 1});
  }

  int64_t channels_;
};

class AffineMoments final : public WeightedMoments {
 public:
  using WeightedMoments::WeightedMoments;

 protected:
  void spread(const TileMoments& x, int samples, TileMoments& y) const override {
    WeightedMoments::spread(x, samples, y);
    std::vector<double> gains(y.mean.size());
    for (size_t i = 0; i < gains.size(); ++i) gains[i] = kernel_.mean[i % kernel_.mean.size()];
    y.covariance = gained_covariance(x, gains, y.variance, samples);
    for (size_t i = 0; i < gains.size(); ++i) gains[i] *= std::sqrt(x.variance[i]);
    y.correlation = moved_correlation(x, gains, y.variance, samples);
    y.tie = x.tie;
  }
};

}  // namespace

std::unique_ptr<MomentLayer> make_sum_moments(const Model& model, int index, const ParameterLaw& law) {
  switch (model.layers()[static_cast<size_t>(index)].kind) {
    case LayerKind::dense:
      return std::make_unique<DenseMoments>(model, index, law);
    case LayerKind::conv2d:
      return make_conv_moments(model, index, law);
    default:
      return std::make_unique<WeightedMoments>(model, index, law);
  }
}

std::unique_ptr<MomentLayer> make_affine_moments(const Model& model, int index, const ParameterLaw& law) {
  return std::make_unique<AffineMoments>(model, index, law);
}

}  // namespace netsurf
