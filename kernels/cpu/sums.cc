#include "kernels/cpu/sums.h"

namespace netsurf::cpu {
namespace {

constexpr int kChannels = 4;  // output channels that share one load of the input

/// `Count` channels at once; the accumulators stay in registers.
template <int Count, typename Sum>
[[gnu::always_inline]] inline void sum_channels(const int32_t* x, std::span<const Stretch> stretches,
                                                const int32_t* kernel, const int32_t* bias,
                                                const SumShape& shape, Sum* y) {
  Sum sum[Count][kTile] = {};
  for (const Stretch& stretch : stretches) {
    const int32_t* input = x + stretch.input * kTile;
    const int32_t* weights = kernel + stretch.kernel;
    for (int32_t i = 0; i < stretch.length; ++i, input += kTile) {
      for (int channel = 0; channel < Count; ++channel) {
        Sum weight = weights[channel * shape.kernel_stride + i];
        for (int s = 0; s < kTile; ++s) sum[channel][s] += weight * static_cast<Sum>(input[s]);
      }
    }
  }
  for (int channel = 0; channel < Count; ++channel) {
    Sum constant = bias != nullptr ? static_cast<Sum>(bias[channel]) << shape.bias_shift : 0;
    for (int s = 0; s < kTile; ++s)
      y[channel * kTile + s] = (sum[channel][s] << shape.product_shift) + constant;
  }
}

template <typename Sum>
[[gnu::always_inline]] inline void sum_all(const int32_t* x, std::span<const Stretch> stretches,
                                           const int32_t* kernel, const int32_t* bias, const SumShape& shape,
                                           Sum* y) {
  int channel = 0;
  auto bias_of = [&](int c) { return bias != nullptr ? bias + c : nullptr; };
  for (; channel + kChannels <= shape.num_outputs; channel += kChannels) {
    sum_channels<kChannels>(x, stretches, kernel + channel * shape.kernel_stride, bias_of(channel), shape,
                            y + channel * kTile);
  }
  for (; channel < shape.num_outputs; ++channel) {
    sum_channels<1>(x, stretches, kernel + channel * shape.kernel_stride, bias_of(channel), shape,
                    y + channel * kTile);
  }
}

}  // namespace

NETSURF_CLONES void sums_of_products(const int32_t* x, std::span<const Stretch> stretches,
                                     const int32_t* kernel, const int32_t* bias, const SumShape& shape,
                                     int32_t* y) {
  sum_all(x, stretches, kernel, bias, shape, y);
}

NETSURF_CLONES void sums_of_products(const int32_t* x, std::span<const Stretch> stretches,
                                     const int32_t* kernel, const int32_t* bias, const SumShape& shape,
                                     int64_t* y) {
  sum_all(x, stretches, kernel, bias, shape, y);
}

}  // namespace netsurf::cpu
