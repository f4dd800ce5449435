// Lanes of a drawn network for tests: their flips, what the CPU's plain path counts, and what the layer path
// needs of the host.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/backend/backend.h"
#include "engine/backend/plain_network.h"
#include "engine/backend/sample_tile.h"
#include "kernels/core/score.h"
#include "kernels/cuda/counts.h"
#include "kernels/cuda/patch.h"
#include "tests/support/random.h"

namespace netsurf::testing {

/// The flips of each lane, ascending.
using LaneFlips = std::vector<std::vector<BitId>>;

/// No flips, a few, many or all.
inline LaneFlips random_flips(Random& random, uint64_t num_bits, int num_lanes) {
  LaneFlips lanes(static_cast<size_t>(num_lanes));
  for (std::vector<BitId>& flips : lanes) {
    int percent = random.of(std::vector<int>{0, 1, 1, 5, 50, 100});
    for (BitId bit = 0; bit < num_bits; ++bit) {
      if (percent > 0 && random.chance(percent)) flips.push_back(bit);
    }
  }
  return lanes;
}

inline std::vector<TrialOutcome> plain_outcomes(const Model& model, const EvaluationSet& set,
                                                const BitSpace& space, const LaneFlips& lanes,
                                                bool with_loss) {
  SessionOptions options;
  options.num_threads = 1;
  options.path = Path::plain;
  std::unique_ptr<Session> session = make_cpu_backend()->open(model, set, space, options);
  TrialPlan plan;
  plan.faults.model = FaultModel::list;
  plan.faults.table = std::make_shared<const FaultTable>(FaultTable{lanes, "lanes"});
  plan.end = lanes.size();
  plan.with_loss = with_loss;
  return session->run(plan);
}

/// The patches of all lanes, for segments on the host.
struct LanePatches {
  std::vector<uint64_t> offset = {0};
  std::vector<cuda::Patch> patches;

  LanePatches(const std::vector<cuda::PatchSegment>& segments, const LaneFlips& lanes) {
    for (const std::vector<BitId>& flips : lanes) {
      for (BitId bit : flips)
        patches.push_back(cuda::patch_of(segments.data(), static_cast<int>(segments.size()), bit));
      offset.push_back(patches.size());
    }
  }
};

/// The plan's segments with the elements of the space on the host.
inline std::vector<cuda::PatchSegment> on_host(std::vector<cuda::PatchSegment> segments,
                                               const BitSpace& space) {
  for (size_t i = 0; i < segments.size(); ++i) {
    const std::vector<uint32_t>& elements = space.segments()[i].elements;
    segments[i].elements = elements.empty() ? nullptr : elements.data();
  }
  return segments;
}

/// What scoring reads, from clean runs of the plain path.
struct ScoreVectors {
  std::vector<int64_t> clean_codes;
  std::vector<int32_t> clean_predictions;

  ScoreVectors(const PlainNetwork& network, const EvaluationSet& set) {
    Workspace workspace = network.make_workspace();
    ParameterOperands parameters = network.clean_parameters();
    auto scored = static_cast<size_t>(network.scored_buffer());
    auto num_codes = static_cast<int>(network.model().type(network.scored_buffer()).elements());
    for (int64_t tile = 0; tile < num_tiles(set); ++tile) {
      SampleTile samples = sample_tile(set, tile);
      load_tile(set, samples, workspace.activations.narrow[0]);
      network.run(parameters, workspace.activations);
      for (int s = 0; s < samples.count; ++s) {
        for (int k = 0; k < num_codes; ++k) {
          auto place = static_cast<size_t>(k * cpu::kTile + s);
          clean_codes.push_back(network.is_wide(network.scored_buffer()) ? workspace.wide[scored][place]
                                                                         : workspace.narrow[scored][place]);
        }
        clean_predictions.push_back(
            core::argmax(clean_codes.data() + clean_codes.size() - num_codes, num_codes, 1));
      }
    }
  }

  /// With the pointers of the host.
  cuda::ScoreData data(const PlainNetwork& network, const EvaluationSet& set, bool with_loss) const {
    const Model& model = network.model();
    cuda::ScoreData data;
    data.clean_codes = clean_codes.data();
    if (!set.labels.empty()) {
      data.clean_predictions = clean_predictions.data();
      data.labels = set.labels.data();
    }
    if (!set.targets.empty()) data.targets = set.targets.data();
    const TensorType& type = model.type(model.scored_layer());
    data.num_codes = static_cast<int>(type.elements());
    data.step = core::step_of(model.layers().back().unit, type.frac_bits);
    data.with_loss = with_loss && set.task != Task::comparison;
    return data;
  }
};

/// What differs first, or "".
inline std::string difference(const std::vector<TrialOutcome>& expected,
                              const std::vector<cuda::LaneCounts>& found) {
  for (size_t lane = 0; lane < expected.size(); ++lane) {
    const TrialOutcome& e = expected[lane];
    TrialOutcome f = e;
    f.changed = found[lane].changed;
    f.distance = found[lane].distance;
    if (e.correct != kNoCount) f.correct = found[lane].correct;
    if (e.loss != kNoCount) f.loss = found[lane].loss;
    if (!(f == e))
      return "lane " + std::to_string(lane) + ": found " + text_of(f) + ", expected " + text_of(e);
  }
  return "";
}

}  // namespace netsurf::testing
