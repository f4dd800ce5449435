#include "kernels/floating/reduce.h"

#include <algorithm>
#include <vector>

#include "kernels/floating/parallel.h"

namespace netsurf::floating {
namespace {

constexpr int64_t kBlockRows = 512;

// term(row, out): adds one row's summands to out[0 .. channels).
template <typename Term>
void block_sums(int64_t rows, int channels, float* out, const Term& term) {
  const int64_t blocks = (rows + kBlockRows - 1) / kBlockRows;
  std::vector<float> partial(static_cast<size_t>(blocks * channels), 0.0f);
  // The outer cut is for the threads, the inner one fixes the order of the sums.
  parallel_ranges(blocks, kBlockRows * channels, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      float* sums = partial.data() + block * channels;
      const int64_t last = std::min(rows, (block + 1) * kBlockRows);
      for (int64_t row = block * kBlockRows; row < last; ++row) term(row, sums);
    }
  });
  for (int c = 0; c < channels; ++c) {
    double sum = 0;
    for (int64_t block = 0; block < blocks; ++block)
      sum += static_cast<double>(partial[static_cast<size_t>(block * channels + c)]);
    out[c] = static_cast<float>(sum);
  }
}

}  // namespace

void sum_rows(int64_t rows, int channels, const float* x, float* out) {
  block_sums(rows, channels, out, [&](int64_t row, float* sums) {
    const float* from = x + row * channels;
    for (int c = 0; c < channels; ++c) sums[c] += from[c];
  });
}

void dot_rows(int64_t rows, int channels, const float* x, const float* y, float* out) {
  block_sums(rows, channels, out, [&](int64_t row, float* sums) {
    const float* a = x + row * channels;
    const float* b = y + row * channels;
    for (int c = 0; c < channels; ++c) sums[c] += a[c] * b[c];
  });
}

void moments(int64_t rows, int channels, const float* x, float* mean, float* variance) {
  const float scale = 1.0f / static_cast<float>(rows);
  sum_rows(rows, channels, x, mean);
  for (int c = 0; c < channels; ++c) mean[c] *= scale;
  block_sums(rows, channels, variance, [&](int64_t row, float* sums) {
    const float* from = x + row * channels;
    for (int c = 0; c < channels; ++c) sums[c] += (from[c] - mean[c]) * (from[c] - mean[c]);
  });
  for (int c = 0; c < channels; ++c) variance[c] *= scale;
}

}  // namespace netsurf::floating
