#include "tests/reference/naive_windows.h"

#include <algorithm>
#include <vector>

namespace netsurf::naive {
namespace {

/// How many windows fit along one axis: starts at -pad_before and steps by the stride while its last tap is
/// in reach.
int windows_along(int in, int taps, int stride, int dilation, int pad_before, int pad_after) {
  int windows = 0;
  for (int start = -pad_before; start + dilation * (taps - 1) < in + pad_after; start += stride) ++windows;
  return windows;
}

/// The output plane of a window layer and the visits that make it up.
struct Plane {
  int in_height, in_width, out_height, out_width;
  Window window;

  Plane(const Tensor& x, const Window& w)
      : in_height(x.shape[0]),
        in_width(x.shape[1]),
        out_height(windows_along(x.shape[0], w.height, w.stride_y, w.dilation_y, w.pad_top, w.pad_bottom)),
        out_width(windows_along(x.shape[1], w.width, w.stride_x, w.dilation_x, w.pad_left, w.pad_right)),
        window(w) {}

  /// visit(i, j, row, column) for each tap (i, j) of the window at (y, x) that lies inside the image.
  template <class Visit>
  void visit_inside(int y, int x, int raised, Visit visit) const {
    for (int i = 0; i < window.height; ++i) {
      for (int j = 0; j < window.width; ++j) {
        int row = y * window.stride_y - window.pad_top - raised + i * window.dilation_y;
        int column = x * window.stride_x - window.pad_left + j * window.dilation_x;
        if (row >= 0 && row < in_height && column >= 0 && column < in_width) visit(i, j, row, column);
      }
    }
  }
};

Wide pixel(const Tensor& x, int row, int column, int channel) {
  return x.codes[static_cast<size_t>((row * x.shape[1] + column) * x.shape[2] + channel)];
}

/// How many positions the taps of a transposed convolution reach along one axis.
int reach(int in, int taps, int stride, int dilation) {
  return (in - 1) * stride + dilation * (taps - 1) + 1;
}

/// A place of the input and the tap that carries it somewhere.
struct Pair {
  int place, tap;
};

/// All pairs that meet at a position, counted before anything is cut off.
std::vector<Pair> pairs(int in, int taps, int stride, int dilation, int position) {
  std::vector<Pair> met;
  for (int place = 0; place < in; ++place) {
    for (int tap = 0; tap < taps; ++tap) {
      if (place * stride + tap * dilation == position) met.push_back({place, tap});
    }
  }
  return met;
}

}  // namespace

Tensor conv2d(const Context& context, const Layer& layer, const Tensor& x) {
  Stored kernel = context.stored(layer.kernel), bias = context.stored(layer.bias);
  const Shape& k = kernel.parameter->shape;  // [out, kh, kw, in / groups]
  int outs = k[0], ins_of_group = k[3], outs_of_group = outs / layer.groups;
  int product_frac = x.frac_bits + kernel.frac_bits();
  Plane plane(x, layer.window);
  int raised = context.plant == Plant::pad_one_lower && layer.window.pad_top > 0 ? 1 : 0;
  Tensor y = empty_like({plane.out_height, plane.out_width, outs}, finest_fraction(product_frac, bias));
  size_t next = 0;
  for (int row = 0; row < plane.out_height; ++row) {
    for (int column = 0; column < plane.out_width; ++column) {
      for (int o = 0; o < outs; ++o) {
        Wide sum = 0;
        int first_in = o / outs_of_group * ins_of_group;
        plane.visit_inside(row, column, raised, [&](int i, int j, int r, int c) {
          for (int in = 0; in < ins_of_group; ++in) {
            int64_t element = ((int64_t{o} * k[1] + i) * k[2] + j) * k[3] + in;
            sum += kernel.at(element) * pixel(x, r, c, first_in + in);
          }
        });
        y.codes[next++] = finest_sum(sum, product_frac, bias, o, context.plant);
      }
    }
  }
  return y;
}

Tensor max_pool(const Layer& layer, const Tensor& x) {
  Plane plane(x, layer.window);
  Tensor y = empty_like({plane.out_height, plane.out_width, x.shape[2]}, x.frac_bits);
  size_t next = 0;
  for (int row = 0; row < plane.out_height; ++row) {
    for (int column = 0; column < plane.out_width; ++column) {
      for (int channel = 0; channel < x.shape[2]; ++channel) {
        std::vector<Wide> seen;
        plane.visit_inside(row, column, 0,
                           [&](int, int, int r, int c) { seen.push_back(pixel(x, r, c, channel)); });
        y.codes[next++] = *std::max_element(seen.begin(), seen.end());
      }
    }
  }
  return y;
}

Tensor average_pool(const Layer& layer, const Tensor& x, Plant plant) {
  Plane plane(x, layer.window);
  Tensor y = empty_like({plane.out_height, plane.out_width, x.shape[2]}, x.frac_bits);
  size_t next = 0;
  for (int row = 0; row < plane.out_height; ++row) {
    for (int column = 0; column < plane.out_width; ++column) {
      for (int channel = 0; channel < x.shape[2]; ++channel) {
        Wide sum = 0;
        int inside = 0;
        plane.visit_inside(row, column, 0, [&](int, int, int r, int c) {
          sum += pixel(x, r, c, channel);
          ++inside;
        });
        int divisor = plant == Plant::padding_counts ? layer.window.height * layer.window.width : inside;
        y.codes[next++] = divide_half_even(sum, divisor, plant);
      }
    }
  }
  return y;
}

Tensor sum_pool(const Layer& layer, const Tensor& x, Plant plant) {
  Plane plane(x, layer.window);
  Tensor y = empty_like({plane.out_height, plane.out_width, x.shape[2]}, x.frac_bits);
  size_t next = 0;
  for (int row = 0; row < plane.out_height; ++row) {
    for (int column = 0; column < plane.out_width; ++column) {
      for (int channel = 0; channel < x.shape[2]; ++channel) {
        Wide sum = 0;
        int inside = 0;
        plane.visit_inside(row, column, 0, [&](int, int, int r, int c) {
          sum += pixel(x, r, c, channel);
          ++inside;
        });
        int whole = layer.window.height * layer.window.width;
        y.codes[next++] = plant == Plant::sum_pool_without_padding ? sum * whole / inside : sum;
      }
    }
  }
  return y;
}

Tensor global_average_pool(const Tensor& x, Plant plant) {
  int channels = x.shape[2];
  Tensor y = empty_like({channels}, x.frac_bits);
  for (int channel = 0; channel < channels; ++channel) {
    Wide sum = 0;
    for (int row = 0; row < x.shape[0]; ++row) {
      for (int column = 0; column < x.shape[1]; ++column) sum += pixel(x, row, column, channel);
    }
    y.codes[static_cast<size_t>(channel)] = divide_half_even(sum, x.shape[0] * x.shape[1], plant);
  }
  return y;
}

Tensor conv2d_transpose(const Context& context, const Layer& layer, const Tensor& x) {
  Stored kernel = context.stored(layer.kernel), bias = context.stored(layer.bias);
  const Shape& k = kernel.parameter->shape;  // [out, kh, kw, in]
  const Window& w = layer.window;
  bool turned = context.plant == Plant::transposed_turned;
  bool pads_first = context.plant == Plant::output_padding_first;
  int top = w.pad_top - (pads_first ? std::max(-w.pad_bottom, 0) : 0);
  int left = w.pad_left - (pads_first ? std::max(-w.pad_right, 0) : 0);
  int product_frac = x.frac_bits + kernel.frac_bits();
  int out_height = reach(x.shape[0], k[1], w.stride_y, w.dilation_y) - w.pad_top - w.pad_bottom;
  int out_width = reach(x.shape[1], k[2], w.stride_x, w.dilation_x) - w.pad_left - w.pad_right;
  Tensor y = empty_like({out_height, out_width, k[0]}, finest_fraction(product_frac, bias));
  size_t next = 0;
  for (int row = 0; row < out_height; ++row) {
    std::vector<Pair> rows = pairs(x.shape[0], k[1], w.stride_y, w.dilation_y, row + top);
    for (int column = 0; column < out_width; ++column) {
      std::vector<Pair> columns = pairs(x.shape[1], k[2], w.stride_x, w.dilation_x, column + left);
      for (int o = 0; o < k[0]; ++o) {
        Wide sum = 0;
        for (const Pair& vertical : rows) {
          for (const Pair& horizontal : columns) {
            int i = turned ? k[1] - 1 - vertical.tap : vertical.tap;
            int j = turned ? k[2] - 1 - horizontal.tap : horizontal.tap;
            for (int in = 0; in < k[3]; ++in) {
              int64_t element = ((int64_t{o} * k[1] + i) * k[2] + j) * k[3] + in;
              sum += kernel.at(element) * pixel(x, vertical.place, horizontal.place, in);
            }
          }
        }
        y.codes[next++] = finest_sum(sum, product_frac, bias, o, context.plant);
      }
    }
  }
  return y;
}

Tensor upsample(const Layer& layer, const Tensor& x, Plant plant) {
  int height = layer.window.height, width = layer.window.width;
  Tensor y = empty_like({x.shape[0] * height, x.shape[1] * width, x.shape[2]}, x.frac_bits);
  bool tiles = plant == Plant::upsample_tiles;
  size_t next = 0;
  for (int row = 0; row < y.shape[0]; ++row) {
    for (int column = 0; column < y.shape[1]; ++column) {
      for (int channel = 0; channel < x.shape[2]; ++channel) {
        y.codes[next++] = tiles ? pixel(x, row % x.shape[0], column % x.shape[1], channel)
                                : pixel(x, row / height, column / width, channel);
      }
    }
  }
  return y;
}

}  // namespace netsurf::naive
