// Convolutions. One weight's fault moves all pixels of a channel, more or less together: pixel p of channel c
// is taken as E + sigma_pc (sqrt(t_c) a_c + sqrt(1 - t_c) b_pc), with a_c common to the channel (and
// correlated between channels), b_pc of the pixel's own, and t_c the correlation of neighbouring pixels.
#include <algorithm>
#include <cmath>

#include "engine/gradient/twin_windows.h"
#include "engine/predict/weighted_moments.h"
#include "kernels/floating/bilinear.h"
#include "kernels/floating/gemm.h"

namespace netsurf {
namespace {

using floating::GemmOf;

/// Which pixel stands next to a pixel: so many rows and columns further.
struct Neighbours {
  int64_t height = 1, width = 1, rows = 0, columns = 0;

  /// The neighbour's place, or -1 outside of the image.
  int64_t next(int64_t pixel) const {
    const int64_t row = pixel / width + rows, column = pixel % width + columns;
    return row < height && column < width ? row * width + column : -1;
  }
};

class ConvMoments final : public WeightedMoments {
 public:
  ConvMoments(const Model& model, int index, const ParameterLaw& law) : WeightedMoments(model, index, law) {
    const Layer& layer = model.layers()[static_cast<size_t>(index)];
    const Shape& in = model.type(input_).shape;
    const Shape& out = model.type(index).shape;
    channels_ = in[2];
    outputs_ = out[2];
    depth_ = channels_ / layer.groups;
    per_channel_ = outputs_ / layer.groups;
    pixels_ = int64_t{out[0]} * out[1];
    next_ = {out[0], out[1], out[0] > 1 ? 1 : 0, out[1] > 1 ? 1 : 0};
    // What is next to each other in the output reads inputs a stride apart.
    in_next_ = {in[0], in[1], next_.rows * layer.window.stride_y, next_.columns * layer.window.stride_x};
    is_tied_ = tied_channels(model, input_) > 0;
    // Filter c x per_channel + o is what output o of channel c's group does to channel c alone.
    shape_ = {image_shape(in), window_shape(layer.window, out[0], out[1]),
              static_cast<int>(channels_ * per_channel_), in[2]};
    const int64_t taps = int64_t{layer.window.height} * layer.window.width;
    for (int64_t c = 0; c < channels_; ++c) {
      for (int64_t o = 0; o < per_channel_; ++o) {
        const int64_t filter = c / depth_ * per_channel_ + o;
        for (int64_t tap = 0; tap < taps; ++tap) {
          single_kernels_.push_back(
              kernel_.mean[static_cast<size_t>((filter * taps + tap) * depth_ + c % depth_)]);
        }
      }
    }
  }

  TileMoments run(const MomentTile& tile) const override {
    const TileMoments& x = tile.of(input_);
    const int samples = tile.clean.samples;
    TileMoments y = own(tile);
    // Cov of neighbouring outputs by the layer's own weights: as the variance, of products of neighbours.
    std::vector<double> together(y.mean.size());
    if (has_faults_) apply(samples, kernel_.variance, neighbour_products(x, samples), together);
    const LayerSite<double> site{{.samples = samples, .lanes = 1}, nullptr, nullptr};
    if (shift_ != nullptr) map_->apply_shift(site, {shift_->variance.data(), 0}, together.data());
    if (!is_still(x)) {
      if (is_tied_) {
        spread_channels(x, samples, y, together);
      } else {
        spread(x, samples, y);
      }
    }
    set_tie(together, samples, y);
    return y;
  }

 private:
  /// E x_p x_q, less what is not common, for each pixel p and its neighbour q: [samples, in_size].
  std::vector<double> neighbour_products(const TileMoments& x, int samples) const {
    std::vector<double> products(x.mean.size());
    const int64_t in_pixels = in_size_ / channels_;
    for (int64_t s = 0; s < samples; ++s) {
      for (int64_t p = 0; p < in_pixels; ++p) {
        const int64_t q = in_next_.next(p);
        if (q < 0) continue;
        for (int64_t c = 0; c < channels_; ++c) {
          const auto at = static_cast<size_t>(s * in_size_ + p * channels_ + c);
          const auto other = static_cast<size_t>(s * in_size_ + q * channels_ + c);
          products[at] = x.mean[at] * x.mean[other] +
                         (is_tied_ ? tie(x, at) : 0) * std::sqrt(x.variance[at] * x.variance[other]);
        }
      }
    }
    return products;
  }

  double tie(const TileMoments& x, size_t i) const {
    return tie_of(x, i, static_cast<size_t>(in_size_), static_cast<size_t>(channels_));
  }

  /// Adds what the input's deviations do: pixels' own ones independently, a channel's common one through the
  /// whole window at once.
  void spread_channels(const TileMoments& x, int samples, TileMoments& y,
                       std::vector<double>& together) const {
    std::vector<double> free(x.variance.size()), common(x.variance.size());
    for (size_t i = 0; i < free.size(); ++i) {
      common[i] = std::sqrt(tie(x, i) * x.variance[i]);
      free[i] = (1 - tie(x, i)) * x.variance[i];
    }
    apply(samples, squared_kernel_, free, y.variance);
    // moved [pixels, channels, outputs of the channel's group]
    std::vector<double> moved(static_cast<size_t>(pixels_ * channels_ * per_channel_)), turned;
    if (depth_ == channels_) y.correlation.resize(static_cast<size_t>(samples * outputs_ * outputs_));
    for (int64_t s = 0; s < samples; ++s) {
      std::fill(moved.begin(), moved.end(), 0.0);
      floating::conv2d_apply<double>({.samples = 1, .lanes = 1}, shape_, {single_kernels_.data(), 0},
                                     {common.data() + s * in_size_, false}, moved.data());
      const double* correlation = x.correlation.empty() || depth_ != channels_
                                      ? nullptr
                                      : x.correlation.data() + s * channels_ * channels_;
      turned = correlation == nullptr ? moved : turn(correlation, moved);
      add_common(moved, turned, s, y.variance, together);
      if (depth_ == channels_) correlate(moved, turned, s, y);
    }
  }

  /// correlation x moved, pixel by pixel; one group.
  std::vector<double> turn(const double* correlation, const std::vector<double>& moved) const {
    std::vector<double> turned(moved.size());
    for (int64_t p = 0; p < pixels_; ++p) {
      gemm(GemmOf<double>{.m = static_cast<int>(channels_),
                          .n = static_cast<int>(outputs_),
                          .k = static_cast<int>(channels_),
                          .a = correlation,
                          .b = moved.data() + p * channels_ * outputs_,
                          .c = turned.data() + p * channels_ * outputs_});
    }
    return turned;
  }

  void add_common(const std::vector<double>& moved, const std::vector<double>& turned, int64_t sample,
                  std::vector<double>& variance, std::vector<double>& together) const {
    const int64_t block = channels_ * per_channel_;
    for (int64_t p = 0; p < pixels_; ++p) {
      const int64_t q = next_.next(p);
      for (int64_t c = 0; c < channels_; ++c) {
        for (int64_t o = 0; o < per_channel_; ++o) {
          const double part = turned[static_cast<size_t>(p * block + c * per_channel_ + o)];
          const auto at = static_cast<size_t>(sample * size_ + p * outputs_ + c / depth_ * per_channel_ + o);
          variance[at] += part * moved[static_cast<size_t>(p * block + c * per_channel_ + o)];
          if (q >= 0) together[at] += part * moved[static_cast<size_t>(q * block + c * per_channel_ + o)];
        }
      }
    }
  }

  /// How outputs vary together, pooled over the pixels; one group.
  void correlate(const std::vector<double>& moved, const std::vector<double>& turned, int64_t sample,
                 TileMoments& y) const {
    double* correlation = y.correlation.data() + sample * outputs_ * outputs_;
    gemm(GemmOf<double>{.transpose_a = true,
                        .m = static_cast<int>(outputs_),
                        .n = static_cast<int>(outputs_),
                        .k = static_cast<int>(pixels_ * channels_),
                        .a = moved.data(),
                        .b = turned.data(),
                        .c = correlation});
    std::vector<double> whole(static_cast<size_t>(outputs_));
    for (int64_t i = 0; i < size_; ++i)
      whole[static_cast<size_t>(i % outputs_)] += y.variance[static_cast<size_t>(sample * size_ + i)];
    for (int64_t i = 0; i < outputs_; ++i) {
      for (int64_t j = 0; j < outputs_; ++j) {
        const double scale = std::sqrt(whole[static_cast<size_t>(i)] * whole[static_cast<size_t>(j)]);
        double& cell = correlation[i * outputs_ + j];
        cell = i == j ? 1 : scale > 0 ? cell / scale : 0;
      }
    }
  }

  void set_tie(const std::vector<double>& together, int samples, TileMoments& y) const {
    y.tie.assign(static_cast<size_t>(samples * outputs_), 1.0);
    for (int64_t s = 0; s < samples; ++s) {
      for (int64_t o = 0; o < outputs_; ++o) {
        double common = 0, whole = 0;
        for (int64_t p = 0; p < pixels_; ++p) {
          const int64_t q = next_.next(p);
          if (q < 0) continue;
          const auto at = static_cast<size_t>(s * size_ + p * outputs_ + o);
          common += together[at];
          whole += std::sqrt(y.variance[at] * y.variance[static_cast<size_t>(s * size_ + q * outputs_ + o)]);
        }
        if (whole > 0) y.tie[static_cast<size_t>(s * outputs_ + o)] = std::clamp(common / whole, 0.0, 1.0);
      }
    }
  }

  // depth_: input channels of a group; per_channel_: outputs of a group.
  int64_t channels_ = 1, outputs_ = 1, depth_ = 1, per_channel_ = 1, pixels_ = 1;
  Neighbours next_, in_next_;
  bool is_tied_ = false;  // whether the input's pixels are
  floating::ConvShape shape_;
  std::vector<double> single_kernels_;  // [channels, per_channel, taps]
};

}  // namespace

std::unique_ptr<MomentLayer> make_conv_moments(const Model& model, int index, const ParameterLaw& law) {
  return std::make_unique<ConvMoments>(model, index, law);
}

}  // namespace netsurf
