// What operators that only move numbers do to sizes; shared by constants and computed tensors.
#pragma once

#include <vector>

#include "models/qonnx/reader_operator.h"
#include "models/qonnx/reader_tensor.h"

namespace netsurf::qonnx {

/// An axis that may count from the end. Throws Complaint outside of [-rank, rank).
int axis_of(int64_t axis, size_t rank);

/// The numbers of an integer constant. Throws Complaint for floats that are not whole, or more than 16.
Sizes integers_of(const Tensor& tensor, const std::string& what);

/// Transpose; without `perm` the axes are reversed.
std::vector<int> permutation_of(const Operator& op, size_t rank);
/// Reshape: 0 keeps a size (without allowzero), -1 takes what is left.
Sizes reshaped(const Operator& op, const Sizes& sizes, const Sizes& target);
Sizes flattened(const Operator& op, const Sizes& sizes);
/// Squeeze, Unsqueeze; `axes` is nullptr where the input is left out, and then an attribute is looked for.
Sizes squeezed(const Operator& op, const Sizes& sizes, const Tensor* axes);
Sizes unsqueezed(const Operator& op, const Sizes& sizes, const Tensor* axes);

}  // namespace netsurf::qonnx
