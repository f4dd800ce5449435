// The twins of layers that are a slope at every element: activations and thresholds.
#include <vector>

#include "engine/gradient/twin_layer.h"
#include "kernels/floating/linear.h"

namespace netsurf {
namespace {

template <typename Real>
class SlopeLayer : public TwinLayer<Real> {
 public:
  using typename TwinLayer<Real>::Rows;
  using typename TwinLayer<Real>::Weights;
  using typename TwinLayer<Real>::Site;

  explicit SlopeLayer(int64_t elements) : elements_(elements) {}

  void apply(const Site& site, int, Weights, Rows x, Real* y) const override {
    floating::slope_apply(site.shape, elements_, site.slopes, x.data, y);
  }
  void to_input(const Site& site, int, Weights, Rows dy, Real* dx) const override {
    floating::slope_apply(site.shape, elements_, site.slopes, dy.data, dx);
  }
  bool holds_residual() const override { return true; }

 protected:
  int64_t elements_;
};

/// y = .. - slope x threshold, at the threshold that the sample's element hangs on.
template <typename Real>
class ThresholdLayer final : public SlopeLayer<Real> {
 public:
  using typename TwinLayer<Real>::Rows;
  using typename TwinLayer<Real>::Weights;
  using typename TwinLayer<Real>::Sums;
  using typename TwinLayer<Real>::Site;

  ThresholdLayer(int thresholds, int64_t size, int64_t elements)
      : SlopeLayer<Real>(elements), thresholds_(thresholds), size_(size) {}

  int shift() const override { return thresholds_; }

  void apply_shift(const Site& site, Weights thresholds, Real* y) const override {
    visit(site, [&](int64_t row, int lane, Real slope, int32_t place, int64_t i) {
      y[row + i] -= slope * thresholds.data[lane * thresholds.lane_stride + place];
    });
  }
  void to_shift(const Site& site, Rows dy, Sums sums) const override {
    visit(site, [&](int64_t row, int lane, Real slope, int32_t place, int64_t i) {
      sums.data[lane * sums.lane_stride + place] -= slope * dy.data[row + i];
    });
  }
  void shift_squares(const Site& site, Rows dy, Real* squares) const override {
    std::vector<Real> one(static_cast<size_t>(size_));
    int64_t at = 0;
    visit(
        site,
        [&](int64_t row, int, Real slope, int32_t place, int64_t i) {
          one[static_cast<size_t>(place)] += slope * dy.data[row + i];
        },
        [&] {
          for (Real& sum : one) {
            squares[at++] += sum * sum;
            sum = 0;
          }
          at = 0;
        });
  }

 private:
  static void nothing() {}

  /// Calls each(start of the row, lane, slope, place, element) for every element on a ramp, and row_done()
  /// behind each row.
  template <typename Each, typename RowDone = void (*)()>
  void visit(const Site& site, Each each, RowDone row_done = nothing) const {
    const int64_t elements = this->elements_;
    for (int64_t n = 0; n < site.shape.samples; ++n) {
      const Real* slopes = site.slopes + n * elements;
      const int32_t* places = site.places + n * elements;
      for (int lane = 0; lane < site.shape.lanes; ++lane) {
        const int64_t row = (n * site.shape.lanes + lane) * elements;
        for (int64_t i = 0; i < elements; ++i) {
          if (slopes[i] != 0) each(row, lane, slopes[i], places[i], i);
        }
        row_done();
      }
    }
  }

  int thresholds_;
  int64_t size_;  // of the parameter
};

}  // namespace

template <typename Real>
std::unique_ptr<TwinLayer<Real>> make_slope_layer(const Model& model, int index) {
  const Layer& layer = model.layers()[static_cast<size_t>(index)];
  const int64_t elements = model.type(index).elements();
  if (layer.kind == LayerKind::activation) return std::make_unique<SlopeLayer<Real>>(elements);
  const auto size =
      static_cast<int64_t>(model.parameters()[static_cast<size_t>(layer.thresholds)].codes.size());
  return std::make_unique<ThresholdLayer<Real>>(layer.thresholds, size, elements);
}

template std::unique_ptr<TwinLayer<float>> make_slope_layer(const Model&, int);
template std::unique_ptr<TwinLayer<double>> make_slope_layer(const Model&, int);

}  // namespace netsurf
