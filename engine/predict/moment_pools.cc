// Max pools. Pixels of one channel move together, so a window is a function of one normal number: it is taken
// at a few of its quantiles, where the winner of each is known. So are the cases of an affine layer before
// the activation that the pool reads: they strike all pixels of a channel at once.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <optional>

#include "engine/predict/channel_function.h"
#include "engine/predict/moment_layer.h"

namespace netsurf {
namespace {

constexpr size_t kNodes = 8;

/// Middles of slices of equal chance of the standard normal law, stretched to its variance.
const std::array<double, kNodes>& nodes() {
  static const std::array<double, kNodes> result = [] {
    std::array<double, kNodes> t{};
    double square = 0;
    for (size_t i = 0; i < kNodes; ++i) {
      const double chance = (static_cast<double>(i) + 0.5) / kNodes;
      double low = -10, high = 10;
      for (int step = 0; step < 100; ++step) {
        const double middle = (low + high) / 2;
        (std::erfc(-middle / std::numbers::sqrt2) / 2 < chance ? low : high) = middle;
      }
      t[i] = low;
      square += low * low / kNodes;
    }
    for (double& each : t) each /= std::sqrt(square);
    return t;
  }();
  return result;
}

/// Adds up a random number and how it goes with the common one.
struct PoolSum {
  double mean = 0, square = 0, moved = 0, within = 0;

  void add(double chance, double value, double node) {
    mean += chance * value;
    square += chance * value * value;
    moved += chance * value * node;
  }
  /// A case of the channel.
  void add(double chance, const PoolSum& one) {
    mean += chance * one.mean;
    square += chance * one.square;
    moved += chance * one.moved;
    within += chance * std::max(0.0, one.square - one.mean * one.mean);
  }
};

class MaxPoolLayer final : public MomentLayer {
 public:
  MaxPoolLayer(const Model& model, int index, const ParameterLaw& law)
      : index_(index),
        layer_(model.layers()[static_cast<size_t>(index)]),
        in_(model.type(layer_.inputs[0]).shape),
        out_(model.type(index).shape),
        source_(layer_.inputs[0]) {
    if (model.layers()[static_cast<size_t>(source_)].kind != LayerKind::activation) return;
    activation_.emplace(model, source_, law);
    source_ = activation_->source();
  }

  std::vector<int> inputs() const override { return {source_}; }

  TileMoments run(const MomentTile& tile) const override {
    const TileMoments& x = tile.of(source_);
    const std::vector<double>&source = tile.clean_values(source_), &output = tile.clean_values(index_);
    const double clean_chance = tile.chances.element[static_cast<size_t>(source_)];
    const int64_t size = num_elements(out_), in_size = num_elements(in_);
    TileMoments y;
    y.mean.resize(static_cast<size_t>(tile.clean.samples * size));
    y.variance.resize(y.mean.size());
    std::vector<double> moved(y.mean.size()), between(y.mean.size());
    std::vector<Pixel> window;
    std::vector<Last> lasts(static_cast<size_t>(out_[2]));  // by channel
    size_t place = 0;
    for (int64_t s = 0; s < tile.clean.samples; ++s) {
      for (int row = 0; row < out_[0]; ++row) {
        for (int column = 0; column < out_[1]; ++column) {
          for (int channel = 0; channel < out_[2]; ++channel, ++place) {
            window.clear();
            for_window(row, column, [&](int64_t pixel) {
              const auto at = static_cast<size_t>(s * in_size + pixel * in_[2] + channel);
              window.push_back({x.mean[at], x.variance[at], source[at]});
            });
            const auto channels = static_cast<size_t>(out_[2]);
            Last& last = lasts[place % channels];
            if (place < channels || window != last.window) {  // else a blank part of an image
              last = {window, pool(window, place % channels, clean_chance, output[place])};
            }
            const PoolSum& sum = last.sum;
            y.mean[place] = sum.mean;
            y.variance[place] = std::max(0.0, sum.square - sum.mean * sum.mean);
            moved[place] = sum.moved;
            between[place] = std::max(0.0, y.variance[place] - sum.within);
          }
        }
      }
    }
    y.tie = mixed_tie(x, between, y.variance, tile.clean.samples);
    y.correlation = moved_correlation(x, moved, y.variance, tile.clean.samples);
    return y;
  }

 private:
  struct Pixel {
    double mean = 0, variance = 0, clean = 0;

    bool operator==(const Pixel&) const = default;
  };
  /// The window before.
  struct Last {
    std::vector<Pixel> window;
    PoolSum sum;
  };

  /// Calls each(pixel) for the pixels of a window that lie in the image.
  template <typename Each>
  void for_window(int row, int column, Each each) const {
    const Window& window = layer_.window;
    for (int i = 0; i < window.height; ++i) {
      const int y = row * window.stride_y - window.pad_top + i * window.dilation_y;
      if (y < 0 || y >= in_[0]) continue;
      for (int j = 0; j < window.width; ++j) {
        const int x = column * window.stride_x - window.pad_left + j * window.dilation_x;
        if (x >= 0 && x < in_[1]) each(int64_t{y} * in_[1] + x);
      }
    }
  }

  PoolSum pool(const std::vector<Pixel>& window, size_t channel, double clean_chance, double clean) const {
    static const AffineLaw kIdentity = identity_law();
    const AffineLaw& law = activation_ ? activation_->channel(channel) : kIdentity;
    const AffineCase& usual = law.cases.front();
    const double same = clean_chance * law.rest_clean;
    PoolSum sum;
    sum.add(usual.chance * same, clean, 0);
    if (same < 1) {
      add_case(usual.chance * (1 - same), sum, window, [&](const Pixel& pixel) {
        const OtherCases other = without_clean(pixel.mean, pixel.variance, pixel.clean, same);
        return ChannelFunction::through(law, usual, other.mean, other.variance, 1 / (1 - same));
      });
    }
    for (size_t k = 1; k < law.cases.size(); ++k) {
      add_case(law.cases[k].chance, sum, window, [&](const Pixel& pixel) {
        return ChannelFunction::through(law, law.cases[k], pixel.mean, pixel.variance);
      });
    }
    return sum;
  }

  /// Activations never fall, so the largest input gives the largest output.
  template <typename Through>
  void add_case(double chance, PoolSum& sum, const std::vector<Pixel>& window, Through through) const {
    const std::array<double, kNodes>& node = nodes();
    std::array<double, kNodes> largest;
    largest.fill(-std::numeric_limits<double>::infinity());
    for (const Pixel& pixel : window) {
      const NormalInput x = through(pixel);
      const double sigma = std::sqrt(x.variance);
      for (size_t i = 0; i < kNodes; ++i) largest[i] = std::max(largest[i], x.mean + sigma * node[i]);
    }
    if (activation_) activation_->function().round_all(largest);
    PoolSum one;
    for (size_t i = 0; i < kNodes; ++i) one.add(1.0 / kNodes, largest[i], node[i]);
    sum.add(chance, one);
  }

  int index_;
  const Layer& layer_;
  const Shape& in_;
  const Shape& out_;
  int source_;
  std::optional<ChannelFunction> activation_;  // that the pool reads
};

}  // namespace

std::unique_ptr<MomentLayer> make_max_pool_moments(const Model& model, int index, const ParameterLaw& law) {
  return std::make_unique<MaxPoolLayer>(model, index, law);
}

}  // namespace netsurf
