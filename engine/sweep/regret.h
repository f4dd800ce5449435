// What decides between rankings: how much is lost under faults with the first bits of each protected. All
// rankings meet the same faulty chips, so that differences are paired.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/backend/backend.h"
#include "engine/faults/trial.h"
#include "engine/stats/paired.h"

namespace netsurf {

/// rank[BitId] = place, as Ranking::ranks().
using SharedPlaces = std::shared_ptr<const std::vector<uint32_t>>;

struct RegretOptions {
  FaultSpec faults;  // bernoulli; its bit_error_rate is taken from the list
  std::vector<UnitDecimal> protections, bit_error_rates;  // each number once
  uint64_t trials = 200;                                  // of every cell and ranking, at most
  uint64_t batch = 0;  // trials per call of the session; 0: about a second's worth. Changes no figure
};

/// One protection at one bit error rate, every ranking. Harm is the mean loss of a sample; where there is no
/// loss, the mean over samples of the squared differences of the scored codes from the clean ones, summed
/// over a sample's codes.
class RegretCell {
 public:
  UnitDecimal protection, bit_error_rate;
  /// Rotation was asked for but `trials` hold fewer than eight epochs at this rate: independent.
  Design design = Design::independent;
  uint64_t epoch_size = 1;  // of the design; intervals rest on epochs where it is above 1
  uint64_t trials = 0;      // that were run: complete epochs

  double mean_harm(size_t ranking) const;
  std::optional<double> mean_accuracy(size_t ranking) const;  // none without labels
  /// The ranking with the least harm, or with the highest accuracy; the first of equals.
  size_t least_harm() const;
  size_t highest_accuracy() const;
  /// Of ranking a minus ranking b. Exactly zero, with an interval without width, where both protect the same
  /// bits.
  PairedDifference harm_difference(size_t a, size_t b) const;
  PairedDifference accuracy_difference(size_t a, size_t b) const;  // REQUIRES: labels

 private:
  friend class RegretRunner;
  /// What rankings that protect the same bits have in common.
  struct Series {
    std::vector<int64_t> harm, correct;  // [trials]; correct is empty without labels
  };
  PairedDifference difference(std::vector<int64_t> Series::*counts, size_t a, size_t b, double unit) const;

  std::vector<Series> series_;
  std::vector<size_t> series_of_;  // [rankings]
  double harm_unit_ = 1, num_samples_ = 1;
};

struct RegretProgress {
  uint64_t trials_done = 0, trials_total = 0;
  double trials_per_second = 0;
  double seconds_left = 0;
  UnitDecimal protection, bit_error_rate;  // at work
};
using RegretCallback = std::function<void(const RegretProgress&)>;

struct RegretResult {
  bool by_distance = false;       // harm is the distance: the data have no loss
  std::vector<RegretCell> cells;  // by bit error rate, then protection, as asked; those that are complete
  bool stopped = false;           // by `stop`, before all were
};

/// Runs every cell for every ranking; cells in which rankings protect the same bits run once for them. Throws
/// InputError for a ranking of other bits than the session's, for a fault model that is not bernoulli, for
/// an empty list, and what the session throws.
RegretResult run_regret(Session& session, std::span<const SharedPlaces> rankings,
                        const RegretOptions& options, const RegretCallback& progress,
                        const std::atomic<bool>& stop);

}  // namespace netsurf
