#include "kernels/floating/pool.h"

#include <algorithm>

#include "kernels/floating/parallel.h"

namespace netsurf::floating {
namespace {

// position(pixel): calls it with the number of every pixel of the window that lies inside the image.
template <typename Position>
void for_each_position(const ImageShape& in, const WindowShape& w, int oy, int ox, const Position& position) {
  for (int i = 0; i < w.height; ++i) {
    const int y = oy * w.stride_y - w.pad_top + i * w.dilation_y;
    if (y < 0 || y >= in.height) continue;
    for (int j = 0; j < w.width; ++j) {
      const int x = ox * w.stride_x - w.pad_left + j * w.dilation_x;
      if (x >= 0 && x < in.width) position(y * in.width + x);
    }
  }
}

template <typename Window>
void for_each_window(const ImageShape& in, const WindowShape& w, const Window& window) {
  const int64_t outputs = int64_t{w.out_height} * w.out_width;
  parallel_ranges(in.batch, outputs * in.channels, [&](int64_t begin, int64_t end) {
    for (int64_t sample = begin; sample < end; ++sample) {
      for (int oy = 0; oy < w.out_height; ++oy) {
        for (int ox = 0; ox < w.out_width; ++ox) {
          const int64_t out = (sample * outputs + oy * w.out_width + ox) * in.channels;
          window(sample * in.height * in.width * in.channels, out, oy, ox);
        }
      }
    }
  });
}

void take_larger(int channels, int32_t base, const float* __restrict from, float* __restrict best,
                 int32_t* __restrict who) {
  // Masks and std::max in place of branches: compilers do not vectorize the branches.
#pragma omp simd
  for (int c = 0; c < channels; ++c) {
    const int32_t wins = -static_cast<int32_t>(from[c] > best[c]);
    who[c] = (wins & (base + c)) | (~wins & who[c]);
    best[c] = std::max(best[c], from[c]);
  }
}

}  // namespace

void max_pool_forward(const ImageShape& in, const WindowShape& w, const float* x, float* y, int32_t* winner) {
  const int channels = in.channels;
  for_each_window(in, w, [&](int64_t image, int64_t out, int oy, int ox) {
    float* __restrict best = y + out;
    int32_t* __restrict who = winner + out;
    bool first = true;
    for_each_position(in, w, oy, ox, [&](int pixel) {
      const int32_t base = pixel * channels;
      const float* __restrict from = x + image + base;
      if (first) {
        for (int c = 0; c < channels; ++c) best[c] = from[c];
        for (int c = 0; c < channels; ++c) who[c] = base + c;
      } else {
        take_larger(channels, base, from, best, who);
      }
      first = false;
    });
  });
}

void max_pool_backward(const ImageShape& in, const WindowShape& w, const int32_t* winner, const float* dy,
                       float* dx) {
  const int64_t image = int64_t{in.height} * in.width * in.channels;
  const int64_t outputs = int64_t{w.out_height} * w.out_width * in.channels;
  parallel_ranges(in.batch, image, [&](int64_t begin, int64_t end) {
    for (int64_t sample = begin; sample < end; ++sample) {
      float* to = dx + sample * image;
      std::fill_n(to, image, 0.0f);
      for (int64_t i = sample * outputs; i < (sample + 1) * outputs; ++i) to[winner[i]] += dy[i];
    }
  });
}

void average_pool_forward(const ImageShape& in, const WindowShape& w, const float* x, float* y) {
  for_each_window(in, w, [&](int64_t image, int64_t out, int oy, int ox) {
    std::fill_n(y + out, in.channels, 0.0f);
    int count = 0;
    for_each_position(in, w, oy, ox, [&](int pixel) {
      const float* from = x + image + int64_t{pixel} * in.channels;
      for (int c = 0; c < in.channels; ++c) y[out + c] += from[c];
      ++count;
    });
    for (int c = 0; c < in.channels; ++c) y[out + c] /= static_cast<float>(std::max(count, 1));
  });
}

void average_pool_backward(const ImageShape& in, const WindowShape& w, const float* dy, float* dx) {
  std::fill_n(dx, int64_t{in.batch} * in.height * in.width * in.channels, 0.0f);
  for_each_window(in, w, [&](int64_t image, int64_t out, int oy, int ox) {
    int count = 0;
    for_each_position(in, w, oy, ox, [&](int) { ++count; });
    for_each_position(in, w, oy, ox, [&](int pixel) {
      float* to = dx + image + int64_t{pixel} * in.channels;
      for (int c = 0; c < in.channels; ++c) to[c] += dy[out + c] / static_cast<float>(count);
    });
  });
}

}  // namespace netsurf::floating
