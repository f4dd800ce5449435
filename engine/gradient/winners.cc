#include "engine/gradient/winners.h"

#include <algorithm>
#include <array>

#include "kernels/cpu/tile.h"

namespace netsurf {
namespace {

using cpu::kTile;

/// For one output element: best[s] and place[s] over the window's positions of one channel.
template <typename Int>
void search(const Int* codes, const Window& w, const Shape& in, int row, int column, int channel,
            std::array<int32_t, kTile>& place) {
  std::array<Int, kTile> best{};
  bool is_first = true;
  for (int i = 0; i < w.height; ++i) {
    const int y = row * w.stride_y - w.pad_top + i * w.dilation_y;
    if (y < 0 || y >= in[0]) continue;
    for (int j = 0; j < w.width; ++j) {
      const int x = column * w.stride_x - w.pad_left + j * w.dilation_x;
      if (x < 0 || x >= in[1]) continue;
      const int32_t element = (y * in[1] + x) * in[2] + channel;
      const Int* at = codes + int64_t{element} * kTile;
      for (size_t s = 0; s < kTile; ++s) {
        const bool wins = is_first || at[s] > best[s];
        best[s] = wins ? at[s] : best[s];
        place[s] = wins ? element : place[s];
      }
      is_first = false;
    }
  }
}

template <typename Int>
void find(const Int* codes, const Window& w, const Shape& in, int count, int32_t* places) {
  const int out_height = w.out_height(in[0]), out_width = w.out_width(in[1]);
  const int64_t size = int64_t{out_height} * out_width * in[2];
  int64_t element = 0;
  std::array<int32_t, kTile> place{};
  for (int row = 0; row < out_height; ++row) {
    for (int column = 0; column < out_width; ++column) {
      for (int channel = 0; channel < in[2]; ++channel, ++element) {
        search(codes, w, in, row, column, channel, place);
        for (int s = 0; s < count; ++s) places[s * size + element] = place[static_cast<size_t>(s)];
      }
    }
  }
}

}  // namespace

void find_winners(const int32_t* codes, const Window& window, const Shape& in, int count, int32_t* places) {
  find(codes, window, in, count, places);
}
void find_winners(const int64_t* codes, const Window& window, const Shape& in, int count, int32_t* places) {
  find(codes, window, in, count, places);
}

}  // namespace netsurf
