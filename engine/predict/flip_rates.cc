#include "engine/predict/flip_rates.h"

namespace netsurf {

std::vector<double> flip_rates(const BitSpace& space, double bit_error_rate, const Protection& protection) {
  const uint64_t num_protected = protection.num_protected(space.size());
  std::vector<double> rates(space.size(), bit_error_rate);
  for (uint64_t id = 0; id < space.size(); ++id) {
    if (protection.protects(static_cast<BitId>(id), num_protected)) rates[id] = 0;
  }
  return rates;
}

}  // namespace netsurf
