// The twins of add and concatenate. Values are real numbers: no shifts.
#include <vector>

#include "engine/gradient/twin_layer.h"

namespace netsurf {
namespace {

template <typename Real>
class JoinLayer final : public TwinLayer<Real> {
 public:
  using typename TwinLayer<Real>::Rows;
  using typename TwinLayer<Real>::Weights;
  using typename TwinLayer<Real>::Site;

  struct Part {
    int64_t pixels = 0;
    int channels = 0, first = 0;  // of the input; where its channels begin in the output's
  };

  JoinLayer(std::vector<Part> parts, int channels) : parts_(std::move(parts)), channels_(channels) {}

  void apply(const Site& site, int input, Weights, Rows x, Real* y) const override {
    const Part& part = parts_[static_cast<size_t>(input)];
    visit(site, part, [&](int64_t row, int64_t in, int64_t out) {
      const Real* from =
          x.data + (x.per_lane ? row : row / site.shape.lanes) * part.pixels * part.channels + in;
      for (int c = 0; c < part.channels; ++c) y[out + c] += from[c];
    });
  }
  void to_input(const Site& site, int input, Weights, Rows dy, Real* dx) const override {
    const Part& part = parts_[static_cast<size_t>(input)];
    visit(site, part, [&](int64_t row, int64_t in, int64_t out) {
      Real* to = dx + row * part.pixels * part.channels + in;
      for (int c = 0; c < part.channels; ++c) to[c] += dy.data[out + c];
    });
  }

 private:
  /// Calls each(row, place in the input's row, place in the output) for every pixel.
  template <typename Each>
  void visit(const Site& site, const Part& part, Each each) const {
    for (int64_t row = 0; row < site.shape.rows(); ++row) {
      for (int64_t pixel = 0; pixel < part.pixels; ++pixel)
        each(row, pixel * part.channels, (row * part.pixels + pixel) * channels_ + part.first);
    }
  }

  std::vector<Part> parts_;
  int channels_;  // of the output
};

}  // namespace

template <typename Real>
std::unique_ptr<TwinLayer<Real>> make_join_layer(const Model& model, int index) {
  const Layer& layer = model.layers()[static_cast<size_t>(index)];
  std::vector<typename JoinLayer<Real>::Part> parts;
  int first = 0;
  for (int input : layer.inputs) {
    const TensorType& in = model.type(input);
    const int channels = in.shape.back();
    parts.push_back({in.elements() / channels, channels, first});
    if (layer.kind == LayerKind::concatenate) first += channels;
  }
  return std::make_unique<JoinLayer<Real>>(std::move(parts), model.type(index).shape.back());
}

template std::unique_ptr<TwinLayer<float>> make_join_layer(const Model&, int);
template std::unique_ptr<TwinLayer<double>> make_join_layer(const Model&, int);

}  // namespace netsurf
