// Orders of elements: NetSurf keeps channels last, ONNX keeps channels first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace netsurf {

/// For each element, in C order, of a tensor transposed by `axes`, the index it had in the tensor of sizes
/// `dims`. Axis k of the result is axis axes[k] of the source, as in numpy. REQUIRES: dims and axes of one
/// length, positive sizes.
std::vector<size_t> transposed_order(std::span<const int> dims, std::span<const int> axes);

}  // namespace netsurf
