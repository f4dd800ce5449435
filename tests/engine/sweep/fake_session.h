// A backend whose outcomes are made up from the trial number, and a small grid to sweep with it.
#pragma once

#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "engine/backend/backend.h"
#include "engine/store/export.h"
#include "engine/store/sqlite_store.h"
#include "engine/sweep/sweep.h"

namespace netsurf::testing {

inline constexpr int64_t kFakeSamples = 1000;

inline Model tiny_model() {
  Layer input;
  input.name = "input";
  input.kind = LayerKind::input;
  input.format = Format::parse("q<6,0,1>");
  input.shape = {8};
  Layer dense;
  dense.name = "dense";
  dense.kind = LayerKind::dense;
  dense.inputs = {0};
  dense.kernel = 0;
  Parameter kernel;
  kernel.name = "kernel";
  kernel.shape = {10, 8};
  kernel.format = Format::parse("q<6,0,1>");
  kernel.codes.assign(80, 1);
  return Model::build("tiny", {input, dense}, {kernel});
}

class FakeSession : public Session {
 public:
  FakeSession() : Session(BitSpace(tiny_model()), kFakeSamples) {
    clean_.correct = 970;
    clean_.loss = 1 << 20;
  }

  std::string path() const override { return "fake/plain"; }
  std::vector<PathEstimate> estimate(const TrialPlan&) override { return {}; }

  std::function<void(const TrialPlan&)> on_run;  // called before every run
  int64_t defect = 0;                            // added to `changed` of every trial

 protected:
  std::vector<TrialOutcome> do_run(const TrialPlan& plan) override {
    if (on_run) on_run(plan);
    std::vector<TrialOutcome> outcomes;
    uint64_t stream =
        std::hash<std::string>()(plan.faults.bit_error_rate.text() + "/" +
                                 std::to_string(plan.protection.num_protected(bit_space().size())));
    for (uint64_t trial = plan.begin; trial < plan.end; ++trial) {
      uint64_t mixed = (stream ^ (trial + 1) * 0x9E3779B97F4A7C15u) * 0xD1342543DE82EF95u;
      TrialOutcome outcome;
      outcome.trial = trial;
      outcome.flips = static_cast<int64_t>(mixed >> 60);
      outcome.correct = static_cast<int64_t>(900 + (mixed >> 30) % 70);
      outcome.changed = 970 - outcome.correct + defect;
      outcome.distance = static_cast<int64_t>(mixed >> 44);
      outcome.loss = plan.with_loss ? static_cast<int64_t>(mixed >> 36) : kNoCount;
      outcomes.push_back(outcome);
    }
    return outcomes;
  }
};

inline GridRanking fake_ranking(const std::string& method) {
  GridRanking ranking;
  ranking.method = method;
  ranking.order_mode = "planes";
  ranking.digest = "digest of " + method;
  ranking.model_digest = "digest of tiny";
  auto rank = std::make_shared<std::vector<uint32_t>>(480);
  for (uint32_t i = 0; i < rank->size(); ++i) (*rank)[i] = i;
  ranking.rank = rank;
  return ranking;
}

inline std::vector<UnitDecimal> decimals(std::initializer_list<const char*> texts) {
  std::vector<UnitDecimal> values;
  for (const char* text : texts) values.push_back(UnitDecimal::parse(text, "number"));
  return values;
}

/// Two rankings x two protections x two bit error rates of one model: eight cells.
inline Grid example_grid() {
  Grid grid;
  grid.models = {{"tiny", "digest of tiny", {fake_ranking("bitwise_msb"), fake_ranking("random")}}};
  grid.protections = decimals({"0", "0.2"});
  grid.bit_error_rates = decimals({"0.01", "0.1"});
  return grid;
}

inline SweepOptions example_options(uint64_t trials = 300, uint64_t batch = 64) {
  SweepOptions options;
  options.faults.seed = 7;
  options.stop_rule = StopRule::fixed(trials);
  options.batch = batch;
  return options;
}

inline StudyIdentity study_of(const SweepOptions& options) {
  StudyIdentity study;
  study.data_name = "made up";
  study.data_digest = "d";
  study.split = "test";
  study.task = "classification";
  study.seed = options.faults.seed;
  study.fault_model = options.faults.model;
  study.design = options.faults.design;
  study.with_loss = options.with_loss;
  return study;
}

/// Sweeps with one FakeSession per model; `arm` may set it up.
inline SweepResult sweep_into(ResultStore& store, const Grid& grid, const SweepOptions& options,
                              const std::function<void(FakeSession&)>& arm = nullptr,
                              const ProgressCallback& progress = nullptr) {
  static const std::atomic<bool> never{false};
  auto open = [&](size_t) {
    auto session = std::make_unique<FakeSession>();
    if (arm) arm(*session);
    return session;
  };
  return run_sweep(grid, open, store, options, progress, never);
}

/// Summary and trials, one after the other.
inline std::string exports_of(ResultStore& store) {
  std::ostringstream text;
  write_csv(store, ExportFormat::summary, text);
  write_csv(store, ExportFormat::trials, text);
  return text.str();
}

}  // namespace netsurf::testing
