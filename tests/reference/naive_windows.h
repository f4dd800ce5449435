// The layers that read images through windows, a second time.
#pragma once

#include "tests/reference/naive_operand.h"

namespace netsurf::naive {

Tensor conv2d(const Context& context, const Layer& layer, const Tensor& x);
Tensor conv2d_transpose(const Context& context, const Layer& layer, const Tensor& x);
Tensor max_pool(const Layer& layer, const Tensor& x);
Tensor average_pool(const Layer& layer, const Tensor& x, Plant plant);
Tensor sum_pool(const Layer& layer, const Tensor& x, Plant plant);
Tensor global_average_pool(const Tensor& x, Plant plant);
Tensor upsample(const Layer& layer, const Tensor& x, Plant plant);

}  // namespace netsurf::naive
