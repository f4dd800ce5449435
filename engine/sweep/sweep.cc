#include "engine/sweep/sweep.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/faults/sampler.h"
#include "engine/sweep/batch_size.h"

namespace netsurf {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void check_study(const StudyIdentity& study, const SweepOptions& options) {
  const FaultSpec& faults = options.faults;
  std::string table_digest = faults.table != nullptr ? faults.table->digest : "";
  if (study.seed != faults.seed || study.fault_model != faults.model || study.design != faults.design ||
      study.with_loss != options.with_loss || study.fault_table_digest != table_digest) {
    throw InputError(
        "the store's study and the sweep's fault settings differ; open the store for these settings");
  }
}

/// Everything that decides the cell's trials but their range.
TrialPlan plan_of(const Grid& grid, const Cell& cell, const SweepOptions& options) {
  TrialPlan plan;
  plan.faults = options.faults;
  plan.faults.bit_error_rate = cell.bit_error_rate;
  plan.with_loss = options.with_loss;
  plan.protection.fraction = cell.protection;
  if (!cell.protection.is_zero()) plan.protection.rank = grid.models[cell.model].rankings[cell.ranking].rank;
  return plan;
}

/// A cell ready to run: its place in the store and its plan, without a trial range.
struct PreparedCell {
  CellRecord record;
  CellFacts facts;
  CellId id = 0;
  TrialPlan plan;
};

class Sweep {
 public:
  Sweep(const Grid& grid, ResultStore& store, const SweepOptions& options, const ProgressCallback& progress,
        const std::atomic<bool>& stop)
      : grid_(grid),
        store_(store),
        options_(options),
        progress_(progress),
        stop_(stop),
        cells_(cells_of(grid)),
        batch_(options.batch) {
    check_study(store.study(), options);
    result_.cells_total = cells_.size();
    if (options.stop_rule.kind == StopRule::Kind::fixed)
      trials_total_ = cells_.size() * options.stop_rule.trials;
  }

  SweepResult run(const OpenSession& open_session) {
    for (size_t model = 0; model < grid_.models.size() && !stop_; ++model) {
      std::unique_ptr<Session> session = open_session(model);
      run_model(model, *session);
    }
    result_.stopped = result_.cells_done < result_.cells_total;
    return result_;
  }

 private:
  void run_model(size_t model, Session& session) {
    // All cells are checked before the first is run: a wrong one should not wait for hours to be found.
    std::vector<PreparedCell> prepared;
    for (const Cell& cell : cells_) {
      if (cell.model == model) prepared.push_back(prepare(cell, session));
    }
    for (PreparedCell& cell : prepared) cell.id = store_.add_cell(cell.record);
    RunRecord run = options_.run;
    run.path = session.path();
    run_ = store_.begin_run(run);
    unprotected_.clear();
    for (PreparedCell& cell : prepared) {
      if (!run_cell(cell, session)) return;
      if (cell.record.num_protected == 0)
        unprotected_.emplace(cell.record.identity.bit_error_rate.text(), cell.id);
      ++result_.cells_done;
      report(cell);
    }
  }

  PreparedCell prepare(const Cell& cell, const Session& session) const {
    const GridModel& model = grid_.models[cell.model];
    const GridRanking& ranking = model.rankings[cell.ranking];
    PreparedCell prepared;
    TrialPlan& plan = prepared.plan;
    plan = plan_of(grid_, cell, options_);

    CellRecord& record = prepared.record;
    CellIdentity& identity = record.identity;
    identity.model_name = model.name;
    identity.model_digest = model.digest;
    identity.ranking_method = ranking.method;
    identity.ranking_suffix = ranking.suffix;
    identity.ranking_order = ranking.order_mode;
    identity.ranking_digest = ranking.digest;
    identity.protection = cell.protection;
    identity.bit_error_rate = cell.bit_error_rate;
    identity.bit_space_digest = session.bit_space().digest();
    record.num_samples = session.num_samples();
    record.num_bits = session.bit_space().size();
    record.num_protected = plan.protection.num_protected(record.num_bits);
    record.epoch_size = FaultSampler(session.bit_space(), plan.faults, plan.protection).epoch_size();
    record.clean = session.clean();
    if (!options_.with_loss) record.clean.loss = kNoCount;
    prepared.facts = record.facts(store_.study());
    options_.stop_rule.check(prepared.facts);
    return prepared;
  }

  /// Whether the cell is done; false when stopped.
  bool run_cell(PreparedCell& cell, Session& session) {
    const StopRule& rule = options_.stop_rule;
    uint64_t before = 0;
    for (int look = 0;; ++look) {
      uint64_t target = rule.target(cell.facts, look);
      if (!fill(cell, session, before, target)) return false;
      if (rule.kind != StopRule::Kind::half_width ||
          rule.is_enough(cell.facts, store_.outcomes(cell.id, 0, target)))
        return true;
      before = target;
    }
  }

  /// Runs the trials of [begin, end) that the store lacks; false when stopped.
  bool fill(PreparedCell& cell, Session& session, uint64_t begin, uint64_t end) {
    copy_unprotected(cell, begin, end);
    std::vector<TrialRange> missing = store_.missing(cell.id, begin, end);
    trials_done_ += end - begin;
    for (const TrialRange& range : missing) trials_done_ -= range.end - range.begin;
    for (const TrialRange& range : missing) {
      for (uint64_t at = range.begin; at < range.end;) {
        if (stop_) return false;
        uint64_t next = at + std::min(batch_.size(), range.end - at);
        run_batch(cell, session, at, next);
        at = next;
      }
    }
    return true;
  }

  /// Without protected bits the ranking has no say: the trials of one ranking are those of every other.
  void copy_unprotected(const PreparedCell& cell, uint64_t begin, uint64_t end) {
    if (cell.record.num_protected != 0) return;
    auto donor = unprotected_.find(cell.record.identity.bit_error_rate.text());
    if (donor == unprotected_.end()) return;
    for (const TrialRange& range : store_.missing(cell.id, begin, end)) {
      store_.record(run_, cell.id, store_.outcomes(donor->second, range.begin, range.end), 0);
    }
  }

  void run_batch(PreparedCell& cell, Session& session, uint64_t begin, uint64_t end) {
    cell.plan.begin = begin;
    cell.plan.end = end;
    Clock::time_point start = Clock::now();
    std::vector<TrialOutcome> outcomes = session.run(cell.plan);
    double seconds = seconds_since(start);
    store_.record(run_, cell.id, outcomes, seconds);
    batch_.took(end - begin, seconds);
    result_.trials_run += end - begin;
    trials_done_ += end - begin;
    report(cell);
  }

  void report(const PreparedCell& cell) const {
    if (!progress_) return;
    SweepProgress now;
    now.cells_done = result_.cells_done;
    now.cells_total = result_.cells_total;
    now.trials_done = trials_done_;
    now.trials_total = trials_total_;
    now.cell = &cell.record;
    double elapsed = seconds_since(started_);
    now.trials_per_second = static_cast<double>(result_.trials_run) / std::max(elapsed, 1e-9);
    if (trials_total_ && result_.trials_run > 0) {
      now.seconds_left = static_cast<double>(*trials_total_ - trials_done_) / now.trials_per_second;
    } else if (!trials_total_ && result_.cells_done > 0) {
      now.seconds_left = elapsed / static_cast<double>(result_.cells_done) *
                         static_cast<double>(result_.cells_total - result_.cells_done);
    }
    progress_(now);
  }

  const Grid& grid_;
  ResultStore& store_;
  const SweepOptions& options_;
  const ProgressCallback& progress_;
  const std::atomic<bool>& stop_;
  std::vector<Cell> cells_;
  BatchSize batch_;
  RunId run_ = 0;
  std::map<std::string, CellId>
      unprotected_;  // by bit error rate: a finished cell of this model without protected bits
  SweepResult result_;
  uint64_t trials_done_ = 0;
  std::optional<uint64_t> trials_total_;
  Clock::time_point started_ = Clock::now();
};

}  // namespace

std::vector<PlannedCell> plan_sweep(const Grid& grid, std::span<const BitSpace> spaces,
                                    const SweepOptions& options, bool has_labels) {
  std::vector<PlannedCell> planned;
  for (const Cell& cell : cells_of(grid)) {
    TrialPlan plan = plan_of(grid, cell, options);
    FaultSampler sampler(spaces[cell.model], plan.faults, plan.protection);
    CellFacts facts;
    facts.clean.correct = has_labels ? 0 : kNoCount;
    facts.fault_model = plan.faults.model;
    facts.design = plan.faults.design;
    facts.bit_error_rate = cell.bit_error_rate;
    facts.epoch_size = sampler.epoch_size();
    facts.bits_unprotected = sampler.num_unprotected();
    options.stop_rule.check(facts);
    bool outcomes_decide = options.stop_rule.kind == StopRule::Kind::half_width && !facts.is_certain();
    planned.push_back(
        {cell, outcomes_decide ? std::nullopt : std::optional(options.stop_rule.target(facts, 0))});
  }
  return planned;
}

SweepResult run_sweep(const Grid& grid, const OpenSession& open_session, ResultStore& store,
                      const SweepOptions& options, const ProgressCallback& progress,
                      const std::atomic<bool>& stop) {
  return Sweep(grid, store, options, progress, stop).run(open_session);
}

}  // namespace netsurf
