#include "kernels/cpu/upsample.h"

#include <algorithm>

namespace netsurf::cpu {
namespace {

template <typename Int>
void upsample_loop(const Int* x, const UpsampleShape& shape, Int* y) {
  int64_t pixel_size = int64_t{shape.channels} * kTile;
  int64_t row_size = pixel_size * shape.in_width * shape.width;  // of the output
  for (int row = 0; row < shape.in_height; ++row) {
    Int* first = y;
    for (int column = 0; column < shape.in_width; ++column, x += pixel_size) {
      for (int j = 0; j < shape.width; ++j) y = std::copy_n(x, pixel_size, y);
    }
    for (int i = 1; i < shape.height; ++i) y = std::copy_n(first, row_size, y);
  }
}

}  // namespace

void upsample(const int32_t* x, const UpsampleShape& shape, int32_t* y) { upsample_loop(x, shape, y); }
void upsample(const int64_t* x, const UpsampleShape& shape, int64_t* y) { upsample_loop(x, shape, y); }

}  // namespace netsurf::cpu
