#include "tests/reference/naive_twin_layers.h"

#include <stdexcept>

namespace netsurf::naive {
namespace {

size_t place(const Shape& shape, int row, int column, int channel) {
  return static_cast<size_t>((row * shape[1] + column) * shape[2] + channel);
}

// visit(row, column) of every pixel.
template <class Visit>
void visit_pixels(const Shape& image, Visit visit) {
  for (int row = 0; row < image[0]; ++row) {
    for (int column = 0; column < image[1]; ++column) visit(row, column);
  }
}

// visit(i, j, row, column): the taps of the window at (y, x) that lie inside the image, row by row.
template <class Visit>
void visit_taps(const Shape& image, const Window& w, int y, int x, Visit visit) {
  for (int i = 0; i < w.height; ++i) {
    for (int j = 0; j < w.width; ++j) {
      int row = y * w.stride_y + i * w.dilation_y - w.pad_top;
      int column = x * w.stride_x + j * w.dilation_x - w.pad_left;
      if (row >= 0 && row < image[0] && column >= 0 && column < image[1]) visit(i, j, row, column);
    }
  }
}

SizedTensor zeros(const Shape& shape) {
  return {shape, std::vector<Sized>(empty_like(shape, 0).codes.size())};
}

SizedTensor dense(const TwinSite& site) {
  const std::vector<Sized>& x = site.in[0]->values;
  SizedTensor y = zeros(site.y0.shape);
  int64_t element = 0;
  for (int o = 0; o < y.shape[0]; ++o) {
    Sized sum = site.added(site.layer.bias, o);
    for (const Sized& each : x) sum += site.weight(site.layer.kernel, element++) * each;
    y.values[static_cast<size_t>(o)] = sum;
  }
  return y;
}

// The element of a kernel [out, kh, kw, in].
Sized tap(const TwinSite& site, int ins, int out, int i, int j, int in) {
  const Window& w = site.layer.window;
  return site.weight(site.layer.kernel, ((int64_t{out} * w.height + i) * w.width + j) * ins + in);
}

SizedTensor conv2d(const TwinSite& site) {
  const SizedTensor& x = *site.in[0];
  SizedTensor y = zeros(site.y0.shape);
  int ins = x.shape[2] / site.layer.groups, outs = y.shape[2] / site.layer.groups;
  visit_pixels(y.shape, [&](int row, int column) {
    for (int o = 0; o < y.shape[2]; ++o) {
      Sized sum = site.added(site.layer.bias, o);
      visit_taps(x.shape, site.layer.window, row, column, [&](int i, int j, int r, int c) {
        for (int in = 0; in < ins; ++in)
          sum += tap(site, ins, o, i, j, in) * x.values[place(x.shape, r, c, o / outs * ins + in)];
      });
      y.values[place(y.shape, row, column, o)] = sum;
    }
  });
  return y;
}

SizedTensor conv2d_transpose(const TwinSite& site) {
  const SizedTensor& x = *site.in[0];
  SizedTensor y = zeros(site.y0.shape);
  int ins = x.shape[2], outs = y.shape[2];
  visit_pixels(y.shape, [&](int row, int column) {
    for (int o = 0; o < outs; ++o) y.values[place(y.shape, row, column, o)] = site.added(site.layer.bias, o);
  });
  // Every input pixel stamps its kernel on the output.
  visit_pixels(x.shape, [&](int row, int column) {
    visit_taps(y.shape, site.layer.window, row, column, [&](int i, int j, int r, int c) {
      for (int o = 0; o < outs; ++o) {
        for (int in = 0; in < ins; ++in)
          y.values[place(y.shape, r, c, o)] +=
              tap(site, ins, o, i, j, in) * x.values[place(x.shape, row, column, in)];
      }
    });
  });
  return y;
}

SizedTensor affine(const TwinSite& site) {
  SizedTensor y = *site.in[0];
  int channel = 0;
  for (Sized& value : y.values) {
    value = site.weight(site.layer.scale, channel) * value + site.added(site.layer.shift, channel);
    channel = (channel + 1) % y.shape.back();
  }
  return y;
}

SizedTensor add(const TwinSite& site) {
  SizedTensor y = zeros(site.y0.shape);
  for (const SizedTensor* each : site.in) {
    for (size_t i = 0; i < y.values.size(); ++i) y.values[i] += each->values[i];
  }
  return y;
}

SizedTensor concatenate(const TwinSite& site) {
  SizedTensor y{site.y0.shape, {}};
  const SizedTensor& first = *site.in[0];
  size_t pixels = first.values.size() / static_cast<size_t>(first.shape.back());
  for (size_t pixel = 0; pixel < pixels; ++pixel) {
    for (const SizedTensor* each : site.in) {
      auto channels = static_cast<size_t>(each->shape.back());
      for (size_t c = 0; c < channels; ++c) y.values.push_back(each->values[pixel * channels + c]);
    }
  }
  return y;
}

SizedTensor upsample(const TwinSite& site) {
  const SizedTensor& x = *site.in[0];
  const Window& w = site.layer.window;
  SizedTensor y{site.y0.shape, {}};
  visit_pixels(y.shape, [&](int row, int column) {
    for (int c = 0; c < y.shape[2]; ++c)
      y.values.push_back(x.values[place(x.shape, row / w.height, column / w.width, c)]);
  });
  return y;
}

// One output of a pool that reads these places.
Sized pooled(const TwinSite& site, const std::vector<size_t>& places, size_t out) {
  const std::vector<Sized>& x = site.in[0]->values;
  if (site.layer.kind == LayerKind::max_pool) {
    size_t winner = places[0];
    for (size_t at : places) {
      bool wins = site.x0.codes[at] > site.x0.codes[winner];
      if (site.plant == TwinPlant::last_wins) wins = site.x0.codes[at] >= site.x0.codes[winner];
      if (wins) winner = at;
    }
    return x[winner];
  }
  Sized sum;
  Wide frozen = 0;
  for (size_t at : places) {
    sum += x[at];
    frozen += site.x0.codes[at];
  }
  if (site.layer.kind == LayerKind::sum_pool) return sum;
  auto count = static_cast<Real>(places.size());
  Real rounded =
      real_value(site.y0.codes[out], site.y0.frac_bits) - real_value(frozen, site.x0.frac_bits) / count;
  return sum * (1 / count) + (site.plant == TwinPlant::rounding_lost ? 0 : rounded);
}

SizedTensor pool(const TwinSite& site) {
  const Shape& image = site.in[0]->shape;
  SizedTensor y{site.y0.shape, {}};
  visit_pixels(y.shape, [&](int row, int column) {
    for (int channel = 0; channel < y.shape[2]; ++channel) {
      std::vector<size_t> places;
      visit_taps(image, site.layer.window, row, column,
                 [&](int, int, int r, int c) { places.push_back(place(image, r, c, channel)); });
      y.values.push_back(pooled(site, places, y.values.size()));
    }
  });
  return y;
}

SizedTensor global_pool(const TwinSite& site) {
  const Shape& image = site.in[0]->shape;
  SizedTensor y{site.y0.shape, {}};
  for (int channel = 0; channel < image[2]; ++channel) {
    std::vector<size_t> places;
    visit_pixels(image, [&](int row, int column) { places.push_back(place(image, row, column, channel)); });
    y.values.push_back(pooled(site, places, y.values.size()));
  }
  return y;
}

SizedTensor activation(const TwinSite& site) {
  SizedTensor y = *site.in[0];
  for (size_t i = 0; i < y.values.size(); ++i) {
    Real x0 = real_value(site.x0.codes[i], site.x0.frac_bits);
    Real y0 = real_value(site.y0.codes[i], site.y0.frac_bits);
    y.values[i] = Sized(y0) + activation_slope(site.layer, x0, site.plant) * (y.values[i] - x0);
  }
  return y;
}

SizedTensor threshold(const TwinSite& site) {
  SizedTensor y = *site.in[0];
  Stored thresholds = site.context.stored(site.layer.thresholds);
  const std::vector<Real>& moved = site.moved[static_cast<size_t>(site.layer.thresholds)];
  for (size_t i = 0; i < y.values.size(); ++i) {
    int channel = static_cast<int>(i) % y.shape.back();
    Ramp ramp = threshold_ramp(site.layer, thresholds, channel, site.x0.codes[i], site.x0.frac_bits,
                               site.largest, site.plant);
    Real x0 = real_value(site.x0.codes[i], site.x0.frac_bits);
    Real y0 = real_value(site.y0.codes[i], site.y0.frac_bits);
    bool follows = ramp.slope != 0 && site.plant != TwinPlant::thresholds_stay;
    Real away = follows ? moved[static_cast<size_t>(ramp.threshold)] : 0;
    y.values[i] = Sized(y0) + ramp.slope * (y.values[i] - x0) - ramp.slope * away;
  }
  return y;
}

}  // namespace

SizedTensor twin_layer(const TwinSite& site) {
  switch (site.layer.kind) {
    case LayerKind::dense:
      return dense(site);
    case LayerKind::conv2d:
      return conv2d(site);
    case LayerKind::conv2d_transpose:
      return conv2d_transpose(site);
    case LayerKind::affine:
      return affine(site);
    case LayerKind::add:
      return add(site);
    case LayerKind::concatenate:
      return concatenate(site);
    case LayerKind::flatten:
    case LayerKind::reshape:
    case LayerKind::softmax:
      return {site.y0.shape, site.in[0]->values};
    case LayerKind::upsample:
      return upsample(site);
    case LayerKind::max_pool:
    case LayerKind::average_pool:
    case LayerKind::sum_pool:
      return pool(site);
    case LayerKind::global_average_pool:
      return global_pool(site);
    case LayerKind::activation:
      return activation(site);
    case LayerKind::threshold:
      return threshold(site);
    case LayerKind::input:
      break;
  }
  throw std::logic_error("a layer kind without a naive twin");
}

}  // namespace netsurf::naive
