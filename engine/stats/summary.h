// What is said about one cell: mean accuracy with an honest interval, order statistics, and the means of
// everything counted. Trials are the sample; the inputs inside a trial share one faulty chip and are never
// counted as independent.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "engine/base/decimal.h"
#include "engine/faults/trial.h"

namespace netsurf {

struct Interval {
  double low = 0, high = 0;

  double half_width() const { return (high - low) / 2; }
};

/// What the interval of a mean rests on, or why there is none.
enum class IntervalBasis : uint8_t {
  trials,          // Student's t on independent trials
  epochs,          // Student's t on means of complete epochs
  exact,           // every trial must come out alike (BER 0, or nothing left to flip): no uncertainty
  too_few_trials,  // none: fewer than two trials
  too_few_epochs,  // none: fewer than eight complete epochs of dependent trials
  no_spread,       // none: all trials came out alike though they need not have
  no_labels,       // none: there is no accuracy
};

/// "trials", "epochs", "exact", "too_few_trials", ... : the column `interval_basis`.
std::string_view name_of(IntervalBasis basis);

inline constexpr uint64_t kMinEpochs = 8;
inline constexpr double kReportedLevel = 0.95;

/// What has to be known of a cell, besides its trials, to judge them.
struct CellFacts {
  int64_t num_samples = 0;
  TrialOutcome clean;
  FaultModel fault_model = FaultModel::bernoulli;
  Design design = Design::independent;
  UnitDecimal bit_error_rate;
  uint64_t epoch_size = 1;        // FaultSampler::epoch_size()
  uint64_t bits_unprotected = 0;  // FaultSampler::num_unprotected()

  /// Trials of one epoch depend on each other: rotation and coverage. (`exact` is nearly so; there the
  /// interval on trials is on the wide side.)
  bool has_epochs() const { return design == Design::rotation || fault_model == FaultModel::coverage; }
  /// No trial can differ from another.
  bool is_certain() const;
};

struct AccuracyEstimate {
  /// Over all trials; with basis `epochs`, over the trials of complete epochs, so that the interval is around
  /// it.
  std::optional<double> mean;
  std::optional<Interval> interval;  // cut to [0, 1]
  IntervalBasis basis = IntervalBasis::no_labels;
  uint64_t complete_epochs = 0;  // with has_epochs()
};

/// Mean accuracy and its two-sided interval at `level` in (0, 1). The order of `trials` does not matter, to
/// the last bit. REQUIRES: every trial number at most once.
AccuracyEstimate estimate_accuracy(std::span<const TrialOutcome> trials, const CellFacts& facts,
                                   double level);

/// One line of the summary table. Absent: no trials, no labels, or no loss asked for.
struct CellSummary {
  uint64_t trials = 0;
  std::optional<double> clean_accuracy;
  std::optional<double> clean_loss;
  AccuracyEstimate accuracy;
  std::optional<double> median, q05, q95, minimum;  // of the accuracy of a trial: order statistics
  std::optional<double> mean_loss;                  // per sample
  std::optional<double> changed;                    // fraction of samples, over all trials
  std::optional<double> mean_flips;                 // per trial, left after protection
  std::optional<double> observed_ber;               // total flips / (trials x unprotected bits)
  std::optional<double> mean_distance;              // per trial
};

/// REQUIRES: every trial number at most once; facts.num_samples >= 1.
CellSummary summarize(std::span<const TrialOutcome> trials, const CellFacts& facts);

/// The smallest of `sorted` that at least `percent` % of them do not exceed. REQUIRES: not empty, 1 <=
/// percent <= 100.
int64_t order_statistic(std::span<const int64_t> sorted, uint64_t percent);

}  // namespace netsurf
