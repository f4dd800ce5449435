#include "engine/backend/cuda/clean_scores.h"

#include "engine/backend/parallel.h"
#include "engine/backend/sample_tile.h"

namespace netsurf {
namespace {

/// [samples, num_codes] scored codes of the network without faults.
std::vector<int64_t> clean_codes(const PlainNetwork& network, const EvaluationSet& set, int num_threads) {
  const int scored = network.scored_buffer();
  const int64_t num_codes = network.model().type(network.model().scored_layer()).elements();
  std::vector<int64_t> codes(static_cast<size_t>(set.count * num_codes));
  std::vector<Workspace> workspaces;
  for (int i = 0; i < num_threads; ++i) workspaces.push_back(network.make_workspace());
  const ParameterOperands parameters = network.clean_parameters();
  parallel_tasks(num_threads, num_tiles(set), [&](int64_t tile, size_t thread) {
    Activations& at = workspaces[thread].activations;
    SampleTile samples = sample_tile(set, tile);
    load_tile(set, samples, at.narrow[0]);
    network.run(parameters, at);
    auto buffer = static_cast<size_t>(scored);
    for (int s = 0; s < samples.count; ++s) {
      for (int64_t k = 0; k < num_codes; ++k) {
        int64_t place = k * cpu::kTile + s;
        codes[static_cast<size_t>((samples.begin + s) * num_codes + k)] =
            network.is_wide(scored) ? at.wide[buffer][place] : at.narrow[buffer][place];
      }
    }
  });
  return codes;
}

/// Whether a sample's distance stays below 2^62 whatever flips.
bool is_near(const TensorType& type) {
  double span = static_cast<double>(type.high) - static_cast<double>(type.low);
  return span * span * static_cast<double>(type.elements()) < 0x1p61;  // half: double rounds
}

}  // namespace

CleanScores::CleanScores(const PlainNetwork& network, const EvaluationSet& set, int num_threads,
                         const cuda::Stream& stream)
    : task_(set.task) {
  const Model& model = network.model();
  const TensorType& type = model.type(model.scored_layer());
  const std::vector<int64_t> codes = clean_codes(network, set, num_threads);
  std::vector<int32_t> predictions;
  const auto num_codes = static_cast<int>(type.elements());
  for (int64_t sample = 0; sample < set.count; ++sample)
    predictions.push_back(core::argmax(codes.data() + sample * num_codes, num_codes, 1));

  data_ = {.num_codes = num_codes,
           .step = core::step_of(model.layers().back().unit, type.frac_bits),
           .with_loss = set.task != Task::comparison,
           .is_near = is_near(type)};
  cuda::ScoreData host = data_;
  host.clean_codes = codes.data();
  codes_ = cuda::upload(codes, stream);
  data_.clean_codes = codes_.data();
  if (set.task == Task::classification) {
    host.clean_predictions = predictions.data();
    host.labels = set.labels.data();
    predictions_ = cuda::upload(predictions, stream);
    labels_ = cuda::upload(set.labels, stream);
    data_.clean_predictions = predictions_.data();
    data_.labels = labels_.data();
  } else if (set.task != Task::comparison) {
    host.targets = set.targets.data();
    targets_ = cuda::upload(set.targets, stream);
    data_.targets = targets_.data();
  }
  for (int64_t sample = 0; sample < set.count; ++sample)
    cuda::score_sample(codes.data() + sample * num_codes, 1, sample, host, counts_);
}

cuda::ScoreData CleanScores::data(bool with_loss) const {
  cuda::ScoreData data = data_;
  data.with_loss = data.with_loss && with_loss;
  return data;
}

TrialOutcome CleanScores::outcome(uint64_t trial, int64_t flips, const cuda::LaneCounts& counts,
                                  bool with_loss) const {
  TrialOutcome outcome;
  outcome.trial = trial;
  outcome.flips = flips;
  outcome.correct = task_ == Task::classification ? counts.correct : kNoCount;
  outcome.changed = counts.changed;
  outcome.distance = counts.distance;
  outcome.loss = with_loss && task_ != Task::comparison ? counts.loss : kNoCount;
  return outcome;
}

}  // namespace netsurf
