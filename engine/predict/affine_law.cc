#include "engine/predict/affine_law.h"

#include <algorithm>
#include <cmath>

namespace netsurf {
namespace {

constexpr size_t kMaxBits = 8;           // enumerated
constexpr double kMinImpact = 1.0 / 32;  // of the range
constexpr double kMinShare = 2e-3;       // of a single flip's chance: rarer combinations are left out

struct Candidate {
  BitStep bit;
  bool is_scale = false;
  double impact = 0;
};

}  // namespace

AffineLaw identity_law() { return {{AffineCase{}}, 0, 0, 1}; }

AffineLaw affine_law(double scale, const std::vector<BitStep>& scale_bits, double shift,
                     const std::vector<BitStep>& shift_bits, double range) {
  std::vector<Candidate> bits;
  // A typical input makes half the range; a scale of nothing is changed without measure.
  const double typical = range / 2 / std::max(std::abs(scale), 1e-300);
  for (const BitStep& bit : scale_bits) bits.push_back({bit, true, std::abs(bit.step) * typical});
  for (const BitStep& bit : shift_bits) bits.push_back({bit, false, std::abs(bit.step)});
  std::stable_sort(bits.begin(), bits.end(),
                   [](const Candidate& a, const Candidate& b) { return a.impact > b.impact; });
  size_t count = 0;
  while (count < std::min(bits.size(), kMaxBits) && bits[count].impact >= kMinImpact * range) ++count;

  AffineLaw law;
  for (size_t i = count; i < bits.size(); ++i) {
    const auto [rate, step, id] = bits[i].bit;
    law.rest_clean *= 1 - rate;
    (bits[i].is_scale ? scale : shift) += rate * step;
    (bits[i].is_scale ? law.scale_variance : law.shift_variance) += rate * (1 - rate) * step * step;
  }
  bits.resize(count);
  double largest = 0;
  for (const Candidate& each : bits) largest = std::max(largest, each.bit.rate);
  law.cases = {{1, scale, shift}};
  for (const auto& [bit, is_scale, impact] : bits) {
    const size_t before = law.cases.size();
    for (size_t i = 0; i < before; ++i) {
      AffineCase flipped = law.cases[i];
      flipped.chance *= bit.rate;
      law.cases[i].chance *= 1 - bit.rate;
      (is_scale ? flipped.scale : flipped.shift) += bit.step;
      if (flipped.chance >= kMinShare * largest) law.cases.push_back(flipped);
    }
  }
  double total = 0;
  for (const AffineCase& each : law.cases) total += each.chance;
  for (AffineCase& each : law.cases) each.chance /= total;
  return law;
}

}  // namespace netsurf
