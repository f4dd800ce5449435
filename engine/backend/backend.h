// Where trials run. A backend opens a model on an evaluation set; the session runs plans. Every backend gives
// the same bits.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/backend/planner.h"
#include "engine/faults/bit_space.h"
#include "engine/faults/trial.h"
#include "engine/model/dataset.h"
#include "engine/model/model.h"

namespace netsurf {

struct SessionOptions {
  int num_threads = 0;     // 0: all cores
  uint64_t max_batch = 0;  // trials whose fault lists are held at once, 0: as suits the backend; changes
                           // nothing but memory
  Path path = Path::automatic;
  uint64_t cache_memory = uint64_t{512} << 20;  // bytes for clean activations and sums of all samples; what
                                                // does not fit is computed anew for every batch
  std::string isa =
      "";  // instruction set of the packed kernels ("avx2", ...); empty: the best this machine has
  // Called with what a person should know while trials run, such as a batch made smaller.
  std::function<void(const std::string&)> notice = nullptr;
};

class Session {
 public:
  virtual ~Session() = default;

  /// Outcomes of trials [plan.begin, plan.end), in trial order. Checks the plan (InputError) and is
  /// bit-identical for any thread count and batch.
  std::vector<TrialOutcome> run(const TrialPlan& plan);

  /// The outcome without faults: flips 0, changed 0, distance 0.
  TrialOutcome clean() const { return clean_; }
  const BitSpace& bit_space() const { return space_; }
  int64_t num_samples() const { return num_samples_; }
  /// "cpu/auto/avx512_vnni": what runs, for logs and the runs table.
  virtual std::string path() const = 0;
  /// What this plan's trials are expected to take, path by path, from the flips of its first few trials.
  virtual std::vector<PathEstimate> estimate(const TrialPlan& plan) = 0;

 protected:
  Session(BitSpace space, int64_t num_samples) : space_(std::move(space)), num_samples_(num_samples) {}
  virtual std::vector<TrialOutcome> do_run(const TrialPlan& plan) = 0;

  TrialOutcome clean_;

 private:
  BitSpace space_;
  int64_t num_samples_;
};

class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string_view name() const = 0;
  /// Empty when the model can run here, else the reason why not.
  virtual std::optional<std::string> supports(const Model& model) const = 0;
  /// `model` and `set` must outlive the session. Throws InputError when they do not fit each other.
  std::unique_ptr<Session> open(const Model& model, const EvaluationSet& set, BitSpace space,
                                const SessionOptions& options);

 protected:
  virtual std::unique_ptr<Session> do_open(const Model& model, const EvaluationSet& set, BitSpace space,
                                           const SessionOptions& options) = 0;
};

/// The CPU backend: all cores, every path.
std::unique_ptr<Backend> make_cpu_backend();
/// Throws InputError, naming what this machine has, for an instruction set (SessionOptions::isa) that it
/// lacks.
void check_isa(const std::string& isa);

}  // namespace netsurf
