// Counts what the samples of a tile contribute to an outcome: correct, changed, distance, loss.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/faults/trial.h"
#include "engine/model/dataset.h"
#include "engine/model/model.h"

namespace netsurf {

class Scorer {
 public:
  /// Keeps a reference to the set.
  Scorer(const Model& model, const EvaluationSet& set);

  /// Records the clean codes of samples [begin, begin + count): codes [num_codes, kTile]. Called once for
  /// every sample, by any thread.
  template <typename Int>
  void record_clean(const Int* codes, int64_t begin, int count);

  /// Adds the samples [begin, begin + count) to the sums of `outcome`.
  template <typename Int>
  void add(const Int* codes, int64_t begin, int count, bool with_loss, TrialOutcome& outcome) const;

  /// An outcome of zeros, with nulls where this set has no labels or the loss is not wanted.
  TrialOutcome empty_outcome(uint64_t trial, bool with_loss) const;

 private:
  const EvaluationSet& set_;
  int num_codes_;
  float step_;                              // real size of a scored code
  std::vector<int64_t> clean_codes_;        // [samples, num_codes]
  std::vector<int32_t> clean_predictions_;  // [samples]
};

}  // namespace netsurf
