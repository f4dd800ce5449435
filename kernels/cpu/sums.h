// Sums of products: what dense and convolution layers do. One routine serves both: a layer is a list of
// output positions, each with the stretches of input it reads.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/cpu/tile.h"

namespace netsurf::cpu {

/// A run of input elements that meets a run of kernel elements: sum += w[kernel + i] x[input + i], i <
/// length.
struct Stretch {
  int64_t input = 0;   // element of the input tensor
  int32_t kernel = 0;  // element within one output channel's kernel
  int32_t length = 0;
};

/// The output channels of one position: y[o] = (sum of products << product_shift) + (bias[o] << bias_shift).
struct SumShape {
  int num_outputs = 0;        // channels computed here
  int64_t kernel_stride = 0;  // kernel elements of one channel
  int product_shift = 0, bias_shift = 0;
};

/// x [elements, kTile], kernel [num_outputs, kernel_stride], bias [num_outputs] or null, y [num_outputs,
/// kTile]. REQUIRES: no sum leaves the type of y (engine/model/exactness.h proves it).
void sums_of_products(const int32_t* x, std::span<const Stretch> stretches, const int32_t* kernel,
                      const int32_t* bias, const SumShape& shape, int32_t* y);
void sums_of_products(const int32_t* x, std::span<const Stretch> stretches, const int32_t* kernel,
                      const int32_t* bias, const SumShape& shape, int64_t* y);

}  // namespace netsurf::cpu
