#include "engine/backend/plain_runner.h"

#include <algorithm>

#include "engine/backend/parallel.h"
#include "engine/backend/sample_tile.h"
#include "engine/backend/stopwatch.h"
#include "kernels/core/fixed.h"

namespace netsurf {
namespace {

constexpr uint64_t kTasksPerThread = 4;  // enough for an even end, few enough that flipping costs nothing

/// What one thread owns.
struct Worker {
  ParameterOperands parameters;
  Workspace workspace;
  std::vector<TrialOutcome> sums;  // per trial of a batch, of the samples this thread ran
};

class PlainRunner : public TrialRunner {
 public:
  PlainRunner(const PlainNetwork& network, const BitSpace& space, const EvaluationSet& set, int num_threads)
      : network_(network),
        space_(space),
        set_(set),
        num_threads_(num_threads),
        num_tiles_(num_tiles(set)),
        workers_(static_cast<size_t>(num_threads)) {
    for (Worker& worker : workers_) {
      worker.parameters = network.clean_parameters();
      worker.workspace = network.make_workspace();
    }
  }

  void record_clean(Scorer& scorer) override {
    parallel_tasks(num_threads_, num_tiles_, [&](int64_t tile, size_t thread) {
      run_tile(tile, workers_[thread], [&](const auto* codes, int64_t begin, int count) {
        scorer.record_clean(codes, begin, count);
      });
    });
  }

  void run(const FaultBatch& batch, const Scorer& scorer, bool with_loss,
           std::span<TrialOutcome> outcomes) override {
    auto num_trials = static_cast<uint64_t>(outcomes.size());
    for (Worker& worker : workers_) worker.sums.assign(outcomes.size(), scorer.empty_outcome(0, with_loss));
    uint64_t wanted = kTasksPerThread * static_cast<uint64_t>(num_threads_);
    int64_t parts =
        std::clamp<int64_t>(static_cast<int64_t>((wanted + num_trials - 1) / num_trials), 1, num_tiles_);
    parallel_tasks(num_threads_, static_cast<int64_t>(num_trials) * parts, [&](int64_t task, size_t thread) {
      Worker& worker = workers_[thread];
      auto trial = static_cast<uint64_t>(task / parts);
      int64_t part = task % parts;
      std::span<const BitId> flips = batch.flips(batch.begin + trial);
      flip(flips, worker.parameters);
      for (int64_t tile = num_tiles_ * part / parts; tile < num_tiles_ * (part + 1) / parts; ++tile) {
        run_tile(tile, worker, [&](const auto* codes, int64_t begin, int count) {
          scorer.add(codes, begin, count, with_loss, worker.sums[trial]);
        });
      }
      flip(flips, worker.parameters);  // twice is the identity
    });
    for (const Worker& worker : workers_) {
      for (size_t i = 0; i < outcomes.size(); ++i) Scorer::merge(worker.sums[i], outcomes[i]);
    }
  }

  double estimate(const FaultBatch&, const Scorer& scorer, bool with_loss) override {
    TrialOutcome nothing = scorer.empty_outcome(0, with_loss);
    double seconds = seconds_of([&] {
      run_tile(0, workers_[0], [&](const auto* codes, int64_t first, int count) {
        scorer.add(codes, first, count, with_loss, nothing);
      });
    });
    return seconds * static_cast<double>(num_tiles_);
  }

 private:
  /// Inverts the given bits in a thread's parameters.
  void flip(std::span<const BitId> flips, ParameterOperands& parameters) const {
    for (BitId id : flips) {
      BitAddress at = space_.address(id);
      const Parameter& parameter = network_.model().parameters()[static_cast<size_t>(at.parameter)];
      int32_t& operand = parameters[static_cast<size_t>(at.parameter)][static_cast<size_t>(at.element)];
      operand = core::flip_operand(operand, at.bit, parameter.storage());
    }
  }

  /// Loads one tile of samples, runs the network, and hands the scored codes to `use(codes, first sample,
  /// count)`.
  template <typename Use>
  void run_tile(int64_t tile, Worker& worker, Use use) const {
    Activations& activations = worker.workspace.activations;
    SampleTile samples = sample_tile(set_, tile);
    load_tile(set_, samples, activations.narrow[0]);
    network_.run(worker.parameters, activations);
    auto scored = static_cast<size_t>(network_.scored_buffer());
    if (network_.is_wide(network_.scored_buffer())) {
      use(activations.wide[scored], samples.begin, samples.count);
    } else {
      use(activations.narrow[scored], samples.begin, samples.count);
    }
  }

  const PlainNetwork& network_;
  const BitSpace& space_;
  const EvaluationSet& set_;
  int num_threads_;
  int64_t num_tiles_;
  std::vector<Worker> workers_;
};

}  // namespace

std::unique_ptr<TrialRunner> make_plain_runner(const PlainNetwork& network, const BitSpace& space,
                                               const EvaluationSet& set, int num_threads) {
  return std::make_unique<PlainRunner>(network, space, set, num_threads);
}

}  // namespace netsurf
