#include "models/foreign/graph.h"

#include <algorithm>

namespace netsurf::foreign {

std::vector<float> constant_values(const Constant& constant) {
  if (!constant.quantizer) return constant.values;
  const Quantizer& q = *constant.quantizer;
  std::vector<int32_t> codes = quantized_codes(constant);
  std::vector<float> values;
  values.reserve(codes.size());
  size_t per_channel = codes.empty() ? 1 : codes.size() / static_cast<size_t>(std::max(constant.shape[0], 1));
  for (size_t i = 0; i < codes.size(); ++i) {
    float scale = q.scale.size() == 1 ? q.scale[0] : q.scale[i / per_channel];
    int64_t zero_point = q.zero_point.size() == 1 ? q.zero_point[0] : q.zero_point[i / per_channel];
    int64_t operand = q.bipolar ? 2 * int64_t{codes[i]} - 1 : codes[i] - zero_point;
    values.push_back(static_cast<float>(operand) * scale);
  }
  return values;
}

}  // namespace netsurf::foreign
