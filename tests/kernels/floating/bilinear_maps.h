// Maps that are linear in two operands, as lists of what is multiplied with what, and their four uses taken
// from the lists.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/floating/bilinear.h"

namespace netsurf::floating {

/// y[out] += w[weight] x[in], by elements of one row.
struct Term {
  int64_t out, weight, in;
};

struct BilinearMap {
  int64_t outs, weights, ins;  // elements of one row
  std::vector<Term> terms;
};

BilinearMap dense_map(DenseSizes shape);
/// Straight from the definition: kernel [filters, kh, kw, channels / groups].
BilinearMap conv2d_map(const ConvShape& shape);
/// From the definition of the layer: output `place * stride + tap * dilation - pad`, kernel [out, kh, kw,
/// in].
BilinearMap transposed_map(const ConvShape& shape);
BilinearMap scale_map(ChannelShape shape);

}  // namespace netsurf::floating
