// The fused and delta paths: one launch carries a whole batch of lanes (kernels/cuda/fused.h, delta.h).
#pragma once

#include <memory>

#include "engine/backend/cuda/fused_plan.h"
#include "engine/backend/cuda/lane_runner.h"
#include "engine/model/dataset.h"
#include "kernels/cuda/device.h"

namespace netsurf {

/// On the device in use; `set` and `space` are read and copied. REQUIRES: the plan fits the device. Throws
/// cuda::OutOfMemory.
std::unique_ptr<LaneRunner> make_fused_runner(const FusedPlan& plan, const BitSpace& space,
                                              const EvaluationSet& set, const cuda::Device& device,
                                              const cuda::Stream& stream);

/// What a plan's stages and segments point to, `where(vector)` being where a vector's content lies: for the
/// device and for tests on the host.
template <typename Where>
cuda::FusedNetwork pointed_network(const FusedPlan& plan, Where where) {
  cuda::FusedNetwork network = plan.network;
  for (size_t i = 0; i < plan.tables.size(); ++i) {
    network.stages[i].rows = where(plan.tables[i].rows);
    network.stages[i].cells = where(plan.tables[i].cells);
  }
  network.chunks = where(plan.chunks);
  network.sources = where(plan.sources);
  network.image = where(plan.image);
  return network;
}

/// The delta network of a delta plan; its clean products are still to be made.
inline cuda::DeltaNetwork pointed_delta(const FusedPlan& plan, const cuda::FusedNetwork& network) {
  cuda::DeltaNetwork delta = plan.delta;
  delta.fused = network;
  delta.kernel = reinterpret_cast<const uint8_t*>(network.image) + delta.first_kernel_byte;
  return delta;
}

/// The patch segments of a plan, likewise.
template <typename Where>
std::vector<cuda::PatchSegment> pointed_segments(const FusedPlan& plan, const BitSpace& space, Where where) {
  std::vector<cuda::PatchSegment> segments;
  for (size_t i = 0; i < plan.segments.size(); ++i) {
    const BitSpace::Segment& from = space.segments()[i];
    const FusedPlan::SegmentPlaces& places = plan.segments[i];
    cuda::PatchSegment to;
    to.begin = from.begin;
    to.end = from.end;
    to.bits = from.bits;
    to.elements = from.elements.empty() ? nullptr : where(from.elements);
    to.places = places.places.empty() ? nullptr : where(places.places);
    to.first_place = places.first_place;
    for (size_t bit = 0; bit < places.masks.size(); ++bit) to.masks[bit] = places.masks[bit];
    segments.push_back(to);
  }
  return segments;
}

/// The samples' codes modulo 256, [samples, elements].
std::vector<uint8_t> byte_codes(const EvaluationSet& set);

}  // namespace netsurf
