#include "tests/reference/naive_faults.h"

#include <algorithm>

namespace netsurf::naive {

std::vector<int> first_uses(const Model& model) {
  std::vector<int> order;
  for (const Layer& layer : model.layers()) {
    for (int used : {layer.kernel, layer.bias, layer.scale, layer.shift, layer.thresholds}) {
      if (used >= 0 && std::find(order.begin(), order.end(), used) == order.end()) order.push_back(used);
    }
  }
  return order;
}

std::vector<BitAddress> list_bits(const Model& model, bool stored, Plant plant) {
  std::vector<BitAddress> bits;
  for (int index : first_uses(model)) {
    const Parameter& parameter = model.parameters()[static_cast<size_t>(index)];
    if (parameter.constant && plant != Plant::constant_flips) continue;
    for (size_t element = 0; element < parameter.codes.size(); ++element) {
      if (!stored && !parameter.pruned.empty() && parameter.pruned[element] != 0) continue;
      for (int bit = 0; bit < parameter.format.bits; ++bit)
        bits.push_back({index, static_cast<int64_t>(element), bit});
    }
  }
  return bits;
}

int32_t flipped(int32_t code, int bit, const Format& format) {
  std::vector<int> pattern;
  int64_t rest = code;
  for (int i = 0; i < format.bits; ++i) {
    int64_t low = ((rest % 2) + 2) % 2;
    pattern.push_back(static_cast<int>(low));
    rest = (rest - low) / 2;
  }
  pattern[static_cast<size_t>(bit)] = 1 - pattern[static_cast<size_t>(bit)];
  int64_t sum = 0, weight = 1;
  for (int i = 0; i < format.bits; ++i, weight *= 2) {
    bool is_sign = format.is_signed && i == format.bits - 1;
    sum += pattern[static_cast<size_t>(i)] * (is_sign ? -weight : weight);
  }
  return static_cast<int32_t>(sum);
}

std::vector<std::vector<int32_t>> faulty_parameters(const Model& model, std::span<const BitAddress> bits,
                                                    std::span<const BitId> flips) {
  std::vector<std::vector<int32_t>> codes;
  for (const Parameter& parameter : model.parameters()) codes.push_back(parameter.codes);
  for (BitId id : flips) {
    const BitAddress& at = bits[id];
    const Format& format = model.parameters()[static_cast<size_t>(at.parameter)].format;
    int32_t& code = codes[static_cast<size_t>(at.parameter)][static_cast<size_t>(at.element)];
    code = flipped(code, at.bit, format);
  }
  return codes;
}

}  // namespace netsurf::naive
