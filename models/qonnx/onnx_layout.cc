#include "models/qonnx/onnx_layout.h"

namespace netsurf {

std::vector<size_t> transposed_order(std::span<const int> dims, std::span<const int> axes) {
  size_t rank = dims.size();
  std::vector<size_t> source_stride(rank, 1);
  for (size_t k = rank - 1; k > 0; --k)
    source_stride[k - 1] = source_stride[k] * static_cast<size_t>(dims[k]);
  size_t count = source_stride[0] * static_cast<size_t>(dims[0]);

  std::vector<size_t> order(count);
  std::vector<int> place(rank, 0);
  size_t source = 0;
  for (size_t& entry : order) {
    entry = source;
    for (size_t k = rank; k-- > 0;) {
      auto axis = static_cast<size_t>(axes[k]);
      source += source_stride[axis];
      if (++place[k] < dims[axis]) break;
      source -= source_stride[axis] * static_cast<size_t>(dims[axis]);
      place[k] = 0;
    }
  }
  return order;
}

}  // namespace netsurf
