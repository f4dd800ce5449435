// The CPU backend: draws the flips of a plan batch by batch and hands them to the runner of the session's
// path.
#include <omp.h>

#include <algorithm>

#include "engine/backend/backend.h"
#include "engine/backend/packed_runner.h"
#include "engine/backend/plain_runner.h"
#include "engine/backend/sample_tile.h"
#include "engine/base/error.h"
#include "engine/faults/sampler.h"

namespace netsurf {
namespace {

constexpr uint64_t kDefaultBatch = 1000;
constexpr double kMaxFlipsHeld = 1 << 24;  // fault lists of a sub-batch: at most about 64 MiB
constexpr uint64_t kTrialsEstimated = 8;   // enough for the flips of a trial to average out

/// The kernels that the options ask for. Throws InputError naming what this machine has.
cpu::Isa choose_isa(const std::string& wanted) {
  if (wanted.empty()) return cpu::best_isa();
  std::string known;
  for (int i = 0; i < cpu::kNumIsas; ++i) {
    auto isa = static_cast<cpu::Isa>(i);
    if (cpu::find_kernels(isa) == nullptr) continue;
    if (cpu::name_of(isa) == wanted) return isa;
    known += (known.empty() ? "" : ", ") + std::string(cpu::name_of(isa));
  }
  throw InputError("instruction set \"" + wanted + "\" is not available here; this machine has " + known);
}

class CpuSession : public Session {
 public:
  CpuSession(const Model& model, const EvaluationSet& set, BitSpace space, const SessionOptions& options)
      : Session(std::move(space), set.count),
        network_(model),
        set_(set),
        options_(options),
        isa_(choose_isa(options.isa)),
        scorer_(model, set),
        num_threads_(options.num_threads > 0 ? options.num_threads : omp_get_num_procs()),
        max_batch_(options.max_batch > 0 ? options.max_batch : kDefaultBatch) {
    runner_ = make_runner(options.path, set);
    runner_->record_clean(scorer_);
    FaultBatch nothing;
    nothing.offset = {0, 0};
    clean_ = run_batch(nothing, true)[0];
  }

  std::string path() const override {
    std::string text = "cpu/" + std::string(name_of(options_.path));
    return options_.path == Path::plain ? text : text + "/" + std::string(cpu::name_of(isa_));
  }

  std::vector<PathEstimate> estimate(const TrialPlan& plan) override {
    FaultSampler sampler(bit_space(), plan.faults, plan.protection);
    FaultBatch batch = sampler.sample(
        plan.begin, std::max(plan.begin + 1, std::min(plan.end, plan.begin + kTrialsEstimated)));
    std::vector<PathEstimate> estimates;
    EvaluationSet first = first_tile_of(set_);  // all that costs are measured on
    for (Path path : kAllPaths) {
      std::unique_ptr<TrialRunner> runner = make_runner(path, first);
      Scorer scorer(network_.model(), first);
      runner->record_clean(scorer);
      estimates.push_back(
          {path, runner->estimate(batch, scorer, plan.with_loss) * static_cast<double>(num_tiles(set_))});
    }
    return estimates;
  }

 protected:
  std::vector<TrialOutcome> do_run(const TrialPlan& plan) override {
    FaultSampler sampler(bit_space(), plan.faults, plan.protection, num_threads_);
    auto by_memory =
        static_cast<uint64_t>(std::max(1.0, kMaxFlipsHeld / std::max(1.0, sampler.expected_flips())));
    uint64_t batch_size = std::min(max_batch_, by_memory);
    std::vector<TrialOutcome> outcomes;
    for (uint64_t begin = plan.begin, count = 0; begin < plan.end; begin += count) {
      count = std::min(batch_size, plan.end - begin);
      std::vector<TrialOutcome> some = run_batch(sampler.sample(begin, begin + count), plan.with_loss);
      outcomes.insert(outcomes.end(), some.begin(), some.end());
    }
    return outcomes;
  }

 private:
  std::unique_ptr<TrialRunner> make_runner(Path path, const EvaluationSet& set) const {
    if (path == Path::plain) return make_plain_runner(network_, bit_space(), set, num_threads_);
    SessionOptions options = options_;
    options.path = path;
    return make_packed_runner(network_, bit_space(), set, *cpu::find_kernels(isa_), options, num_threads_);
  }

  std::vector<TrialOutcome> run_batch(const FaultBatch& batch, bool with_loss) {
    std::vector<TrialOutcome> outcomes;
    for (size_t i = 0; i + 1 < batch.offset.size(); ++i) {
      outcomes.push_back(scorer_.empty_outcome(batch.begin + i, with_loss));
      outcomes.back().flips = static_cast<int64_t>(batch.offset[i + 1] - batch.offset[i]);
    }
    runner_->run(batch, scorer_, with_loss, outcomes);
    return outcomes;
  }

  PlainNetwork network_;
  const EvaluationSet& set_;
  SessionOptions options_;
  cpu::Isa isa_;
  Scorer scorer_;
  int num_threads_;
  uint64_t max_batch_;
  std::unique_ptr<TrialRunner> runner_;
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

void check_isa(const std::string& isa) { choose_isa(isa); }

std::unique_ptr<Backend> make_cpu_backend() { return std::make_unique<CpuBackend>(); }

}  // namespace netsurf
