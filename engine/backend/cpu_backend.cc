// The CPU backend. Work is cut into (trial, run of tiles) tasks; a thread flips a trial's bits in its own
// copy of the parameters, runs its samples, and flips them back. Memory is threads x (parameters + one tile
// of activations), whatever the trials.
#include <omp.h>

#include <algorithm>
#include <exception>

#include "engine/backend/backend.h"
#include "engine/backend/plain_network.h"
#include "engine/backend/planner.h"
#include "engine/backend/scorer.h"
#include "engine/faults/sampler.h"
#include "kernels/core/fixed.h"
#include "kernels/core/score.h"

namespace netsurf {
namespace {

using cpu::kTile;

constexpr double kMaxFlipsHeld = 1 << 24;  // fault lists of a sub-batch: at most about 64 MiB
constexpr uint64_t kTasksPerThread = 4;    // enough for an even end, few enough that flipping costs nothing

/// What one thread owns.
struct Worker {
  ParameterOperands parameters;
  Workspace workspace;
};

class CpuSession : public Session {
 public:
  CpuSession(const Model& model, const EvaluationSet& set, BitSpace space, const SessionOptions& options)
      : Session(std::move(space), set.count),
        network_(model),
        set_(set),
        scorer_(model, set),
        num_threads_(options.num_threads > 0 ? options.num_threads : omp_get_num_procs()),
        max_batch_(std::max<uint64_t>(options.max_batch, 1)),
        num_tiles_((set.count + kTile - 1) / kTile) {
    workers_.resize(static_cast<size_t>(num_threads_));
    for (Worker& worker : workers_) worker = {network_.clean_parameters(), network_.make_workspace()};
    run_clean();
  }

  std::string path() const override { return "cpu/" + std::string(name_of(Path::plain)); }

 protected:
  std::vector<TrialOutcome> do_run(const TrialPlan& plan) override {
    switch (choose_path(network_.model(), plan)) {
      case Path::plain:
        break;
    }
    return run_plain(plan);
  }

 private:
  std::vector<TrialOutcome> run_plain(const TrialPlan& plan) {
    FaultSampler sampler(bit_space(), plan.faults, plan.protection);
    auto by_memory =
        static_cast<uint64_t>(std::max(1.0, kMaxFlipsHeld / std::max(1.0, sampler.expected_flips())));
    uint64_t batch_size = std::min(max_batch_, by_memory);
    std::vector<TrialOutcome> outcomes;
    for (uint64_t begin = plan.begin, count = 0; begin < plan.end; begin += count) {
      count = std::min(batch_size, plan.end - begin);
      FaultBatch batch = sampler.sample(begin, begin + count);
      run_batch(batch, plan.with_loss, outcomes);
    }
    return outcomes;
  }

  void run_batch(const FaultBatch& batch, bool with_loss, std::vector<TrialOutcome>& outcomes) {
    uint64_t num_trials = batch.offset.size() - 1;
    size_t first = outcomes.size();
    for (uint64_t i = 0; i < num_trials; ++i) {
      outcomes.push_back(scorer_.empty_outcome(batch.begin + i, with_loss));
      outcomes.back().flips = static_cast<int64_t>(batch.offset[i + 1] - batch.offset[i]);
    }
    uint64_t tasks_wanted = kTasksPerThread * static_cast<uint64_t>(num_threads_);
    int64_t parts = std::clamp<int64_t>(static_cast<int64_t>((tasks_wanted + num_trials - 1) / num_trials), 1,
                                        num_tiles_);
    parallel(static_cast<int64_t>(num_trials) * parts, [&](int64_t task, Worker& worker) {
      auto trial = static_cast<uint64_t>(task / parts);
      int64_t part = task % parts;
      TrialOutcome sums = scorer_.empty_outcome(0, with_loss);
      std::span<const BitId> flips = batch.flips(batch.begin + trial);
      flip(flips, worker.parameters);
      for (int64_t tile = num_tiles_ * part / parts; tile < num_tiles_ * (part + 1) / parts; ++tile) {
        run_tile(tile, worker, [&](const auto* codes, int64_t begin, int count) {
          scorer_.add(codes, begin, count, with_loss, sums);
        });
      }
      flip(flips, worker.parameters);  // twice is the identity
#pragma omp critical(netsurf_outcomes)
      merge(sums, outcomes[first + trial]);
    });
  }

  void run_clean() {
    parallel(num_tiles_, [&](int64_t tile, Worker& worker) {
      run_tile(tile, worker, [&](const auto* codes, int64_t begin, int count) {
        scorer_.record_clean(codes, begin, count);
      });
    });
    FaultBatch nothing;
    nothing.offset = {0, 0};
    std::vector<TrialOutcome> outcomes;
    run_batch(nothing, true, outcomes);
    clean_ = outcomes[0];
  }

  /// Integer sums: any order of the parts gives the same outcome.
  static void merge(const TrialOutcome& part, TrialOutcome& whole) {
    if (whole.correct != kNoCount) whole.correct += part.correct;
    if (whole.loss != kNoCount) whole.loss += part.loss;
    whole.changed += part.changed;
    whole.distance = core::held_sum(whole.distance, part.distance);
  }

  /// Inverts the given bits in a thread's parameters.
  void flip(std::span<const BitId> flips, ParameterOperands& parameters) const {
    for (BitId id : flips) {
      BitAddress at = bit_space().address(id);
      const Parameter& parameter = network_.model().parameters()[static_cast<size_t>(at.parameter)];
      core::Storage storage{parameter.format.bits, parameter.format.is_signed, parameter.zero_point,
                            parameter.bipolar};
      int32_t& operand = parameters[static_cast<size_t>(at.parameter)][static_cast<size_t>(at.element)];
      operand = core::flip_operand(operand, at.bit, storage);
    }
  }

  /// Loads one tile of samples, runs the network, and hands the scored codes to `use(codes, first sample,
  /// count)`.
  template <typename Use>
  void run_tile(int64_t tile, Worker& worker, Use use) const {
    int64_t begin = tile * kTile;
    auto count = static_cast<int>(std::min<int64_t>(kTile, set_.count - begin));
    int32_t* input = network_.input_of(worker.workspace);
    for (int s = 0; s < count; ++s) {
      const int32_t* sample = set_.codes.data() + (begin + s) * set_.sample_size;
      for (int64_t i = 0; i < set_.sample_size; ++i) input[i * kTile + s] = sample[i];
    }
    network_.run(worker.parameters, worker.workspace);
    auto scored = static_cast<size_t>(network_.scored_buffer());
    if (network_.is_wide(network_.scored_buffer())) {
      use(worker.workspace.wide[scored].data(), begin, count);
    } else {
      use(worker.workspace.narrow[scored].data(), begin, count);
    }
  }

  /// Calls body(task, worker) for every task on all threads; the first exception is thrown on.
  template <typename Body>
  void parallel(int64_t num_tasks, Body body) {
    std::exception_ptr failure;
#pragma omp parallel for schedule(dynamic, 1) num_threads(num_threads_)
    for (int64_t task = 0; task < num_tasks; ++task) {
      try {
        body(task, workers_[static_cast<size_t>(omp_get_thread_num())]);
      } catch (...) {
#pragma omp critical(netsurf_failure)
        if (failure == nullptr) failure = std::current_exception();
      }
    }
    if (failure != nullptr) std::rethrow_exception(failure);
  }

  PlainNetwork network_;
  const EvaluationSet& set_;
  Scorer scorer_;
  int num_threads_;
  uint64_t max_batch_;
  int64_t num_tiles_;
  std::vector<Worker> workers_;
};

class CpuBackend : public Backend {
 public:
  std::string_view name() const override { return "cpu"; }
  std::optional<std::string> supports(const Model&) const override { return std::nullopt; }

 protected:
  std::unique_ptr<Session> do_open(const Model& model, const EvaluationSet& set, BitSpace space,
                                   const SessionOptions& options) override {
    return std::make_unique<CpuSession>(model, set, std::move(space), options);
  }
};

}  // namespace

std::unique_ptr<Backend> make_cpu_backend() { return std::make_unique<CpuBackend>(); }

}  // namespace netsurf
