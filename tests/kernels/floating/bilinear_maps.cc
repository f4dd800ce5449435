#include "tests/kernels/floating/bilinear_maps.h"

namespace netsurf::floating {

BilinearMap dense_map(DenseSizes shape) {
  BilinearMap map{shape.out, int64_t{shape.out} * shape.in, shape.in, {}};
  for (int o = 0; o < shape.out; ++o) {
    for (int i = 0; i < shape.in; ++i) map.terms.push_back({o, o * shape.in + i, i});
  }
  return map;
}

BilinearMap conv2d_map(const ConvShape& shape) {
  const WindowShape& w = shape.window;
  const int ins = shape.in.channels / shape.groups, outs = shape.filters / shape.groups;
  BilinearMap map{w.out_height * w.out_width * shape.filters,
                  shape.filters * w.height * w.width * ins,
                  shape.in.height * shape.in.width * shape.in.channels,
                  {}};
  for (int out_y = 0; out_y < w.out_height; ++out_y) {
    for (int out_x = 0; out_x < w.out_width; ++out_x) {
      for (int filter = 0; filter < shape.filters; ++filter) {
        for (int i = 0; i < w.height; ++i) {
          for (int j = 0; j < w.width; ++j) {
            const int y = out_y * w.stride_y - w.pad_top + i * w.dilation_y;
            const int x = out_x * w.stride_x - w.pad_left + j * w.dilation_x;
            if (y < 0 || y >= shape.in.height || x < 0 || x >= shape.in.width) continue;
            for (int c = 0; c < ins; ++c) {
              const int channel = filter / outs * ins + c;
              map.terms.push_back({(out_y * w.out_width + out_x) * shape.filters + filter,
                                   ((filter * w.height + i) * w.width + j) * ins + c,
                                   (y * shape.in.width + x) * shape.in.channels + channel});
            }
          }
        }
      }
    }
  }
  return map;
}

BilinearMap transposed_map(const ConvShape& shape) {
  const WindowShape& w = shape.window;
  const int height = w.out_height, width = w.out_width, ins = shape.filters;
  const int out_height = shape.in.height, out_width = shape.in.width, outs = shape.in.channels;
  BilinearMap map{out_height * out_width * outs, outs * w.height * w.width * ins, height * width * ins, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int i = 0; i < w.height; ++i) {
        for (int j = 0; j < w.width; ++j) {
          const int row = y * w.stride_y + i * w.dilation_y - w.pad_top;
          const int column = x * w.stride_x + j * w.dilation_x - w.pad_left;
          if (row < 0 || row >= out_height || column < 0 || column >= out_width) continue;
          for (int out = 0; out < outs; ++out) {
            for (int in = 0; in < ins; ++in) {
              map.terms.push_back({(row * out_width + column) * outs + out,
                                   ((out * w.height + i) * w.width + j) * ins + in,
                                   (y * width + x) * ins + in});
            }
          }
        }
      }
    }
  }
  return map;
}

BilinearMap scale_map(ChannelShape shape) {
  const int size = shape.pixels * shape.channels;
  BilinearMap map{size, shape.channels, size, {}};
  for (int i = 0; i < size; ++i) map.terms.push_back({i, i % shape.channels, i});
  return map;
}

}  // namespace netsurf::floating
