#include "kernels/cpu/pool.h"

#include <algorithm>
#include <limits>

#include "kernels/core/fixed.h"

namespace netsurf::cpu {
namespace {

/// Calls visit(input pixel) for each position of output pixel (row, column)'s window that lies inside the
/// image.
template <typename Visit>
[[gnu::always_inline]] inline void visit_window(const PoolShape& shape, int row, int column, Visit visit) {
  for (int i = 0; i < shape.height; ++i) {
    int y = row * shape.stride_y - shape.pad_top + i * shape.dilation_y;
    if (y < 0 || y >= shape.in_height) continue;
    for (int j = 0; j < shape.width; ++j) {
      int x = column * shape.stride_x - shape.pad_left + j * shape.dilation_x;
      if (x >= 0 && x < shape.in_width) visit(static_cast<int64_t>(y) * shape.in_width + x);
    }
  }
}

template <typename Int>
[[gnu::always_inline]] inline void max_loop(const Int* x, const PoolShape& shape, Int* y) {
  int64_t row_size = int64_t{shape.channels} * kTile;
  for (int row = 0; row < shape.out_height; ++row) {
    for (int column = 0; column < shape.out_width; ++column, y += row_size) {
      std::fill(y, y + row_size, std::numeric_limits<Int>::min());
      visit_window(shape, row, column, [&](int64_t pixel) {
        const Int* in = x + pixel * row_size;
        for (int64_t i = 0; i < row_size; ++i) y[i] = std::max(y[i], in[i]);
      });
    }
  }
}

template <typename Int>
[[gnu::always_inline]] inline void sum_loop(const int32_t* x, const PoolShape& shape, Int* y) {
  int64_t row_size = int64_t{shape.channels} * kTile;
  for (int row = 0; row < shape.out_height; ++row) {
    for (int column = 0; column < shape.out_width; ++column, y += row_size) {
      std::fill(y, y + row_size, Int{0});
      visit_window(shape, row, column, [&](int64_t pixel) {
        const int32_t* in = x + pixel * row_size;
        for (int64_t i = 0; i < row_size; ++i) y[i] += static_cast<Int>(in[i]);
      });
    }
  }
}

}  // namespace

NETSURF_CLONES void max_pool(const int32_t* x, const PoolShape& shape, int32_t* y) { max_loop(x, shape, y); }
NETSURF_CLONES void max_pool(const int64_t* x, const PoolShape& shape, int64_t* y) { max_loop(x, shape, y); }

NETSURF_CLONES void sum_pool(const int32_t* x, const PoolShape& shape, int32_t* y) { sum_loop(x, shape, y); }
NETSURF_CLONES void sum_pool(const int32_t* x, const PoolShape& shape, int64_t* y) { sum_loop(x, shape, y); }

void average_pool(const int32_t* x, const PoolShape& shape, int32_t* y) {
  int64_t row_size = int64_t{shape.channels} * kTile;
  for (int row = 0; row < shape.out_height; ++row) {
    for (int column = 0; column < shape.out_width; ++column, y += row_size) {
      for (int64_t begin = 0; begin < row_size; begin += kTile) {
        int64_t sum[kTile] = {};
        int32_t count = 0;
        visit_window(shape, row, column, [&](int64_t pixel) {
          const int32_t* in = x + pixel * row_size + begin;
          for (int s = 0; s < kTile; ++s) sum[s] += in[s];
          ++count;
        });
        for (int s = 0; s < kTile; ++s) y[begin + s] = core::round_quotient(sum[s], count);
      }
    }
  }
}

}  // namespace netsurf::cpu
