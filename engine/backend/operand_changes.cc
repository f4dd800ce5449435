#include "engine/backend/operand_changes.h"

#include <algorithm>

#include "kernels/core/fixed.h"

namespace netsurf {

std::span<const OperandChange> changes_in(std::span<const OperandChange> changes, int64_t begin,
                                          int64_t end) {
  auto below = [](const OperandChange& change, int64_t element) { return change.element < element; };
  auto first = std::lower_bound(changes.begin(), changes.end(), begin, below);
  auto last = std::lower_bound(first, changes.end(), end, below);
  return {first, last};
}

void LayerChanges::clear() {
  kernel.clear();
  bias.clear();
  scale.clear();
  shift.clear();
}

ChangeFinder::ChangeFinder(const PackedNetwork& network, const BitSpace& space)
    : network_(network), space_(space), clean_(network.plain().clean_parameters()) {}

void ChangeFinder::find(std::span<const BitId> flips, OperandChanges& changes) const {
  changes.stages.resize(network_.stages().size());
  for (LayerChanges& each : changes.stages) each.clear();
  changes.plain.clear();
  changes.count = 0;
  auto at = flips.begin();
  for (const BitSpace::Segment& segment : space_.segments()) {
    auto end = std::lower_bound(at, flips.end(), segment.end);
    if (at == end) continue;
    std::span<const BitId> here(at, end);
    at = end;
    if (network_.has_plain_user(segment.parameter)) {
      changes.plain.push_back({segment.parameter, {}});
      add_segment(segment, here, changes.plain.back().operands);
    }
    for (int user : network_.packed_users(segment.parameter)) {
      LayerChanges& of = changes.stages[static_cast<size_t>(user)];
      const PackedLayer& packed = *network_.stages()[static_cast<size_t>(user)].packed;
      auto add_as = [&](int parameter, std::vector<OperandChange>& role) {
        if (parameter == segment.parameter) add_segment(segment, here, role);
      };
      add_as(packed.kernel, of.kernel);
      add_as(packed.bias, of.bias);
      add_as(packed.scale, of.scale);
      add_as(packed.shift, of.shift);
      if (packed.kernel == segment.parameter) changes.count += std::ssize(of.kernel);
    }
  }
}

void ChangeFinder::add_segment(const BitSpace::Segment& segment, std::span<const BitId> flips,
                               std::vector<OperandChange>& changes) const {
  const core::Storage storage =
      network_.plain().model().parameters()[static_cast<size_t>(segment.parameter)].storage();
  const std::vector<int32_t>& clean = clean_[static_cast<size_t>(segment.parameter)];
  auto bits = static_cast<uint32_t>(segment.bits);
  for (auto at = flips.begin(); at != flips.end();) {
    uint32_t present = (*at - segment.begin) / bits;
    int64_t element = segment.elements.empty() ? present : segment.elements[present];
    int32_t was = clean[static_cast<size_t>(element)], operand = was;
    for (BitId first = segment.begin + present * bits; at != flips.end() && *at - first < bits; ++at)
      operand = core::flip_operand(operand, static_cast<int>(*at - first), storage);
    auto difference = static_cast<uint32_t>(operand) - static_cast<uint32_t>(was);
    changes.push_back({element, operand, static_cast<int32_t>(difference)});
  }
}

}  // namespace netsurf
