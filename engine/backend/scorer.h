// Counts what the samples of a tile contribute to an outcome: correct, changed, distance, loss.
//
// Codes come in tiles, [num_codes, kTile], of the samples [begin, begin + count): begin is a multiple of
// kTile and count is kTile, or what is left of the set; the codes beyond count may be anything. They are
// int32_t, or int64_t where the type of the scored layer needs 64 bits.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/faults/trial.h"
#include "engine/model/dataset.h"
#include "engine/model/model.h"

namespace netsurf {

class Scorer {
 public:
  /// Keeps a reference to the set.
  Scorer(const Model& model, const EvaluationSet& set);

  /// Records the clean codes of a tile. Called once for every tile, by any thread.
  template <typename Int>
  void record_clean(const Int* codes, int64_t begin, int count);

  /// Adds a tile to the sums of `outcome`, which is one of empty_outcome(.., with_loss).
  template <typename Int>
  void add(const Int* codes, int64_t begin, int count, bool with_loss, TrialOutcome& outcome) const;

  /// What add() of the clean codes of one or more whole tiles, the samples [begin, begin + count), would add.
  void add_clean(int64_t begin, int count, bool with_loss, TrialOutcome& outcome) const;

  /// An outcome of zeros, with nulls where this set has no labels or the loss is not wanted.
  TrialOutcome empty_outcome(uint64_t trial, bool with_loss) const;

  /// Adds the sums of `part` to those of `whole`. In any order: they are integers.
  static void merge(const TrialOutcome& part, TrialOutcome& whole);

 private:
  struct CleanCounts {
    int64_t correct = 0, loss = 0;
  };

  bool classifies() const { return set_.task == Task::classification; }
  bool has_loss() const { return set_.task != Task::comparison; }
  const int32_t* clean_tile(int64_t begin) const { return clean_tiles_.data() + begin * num_codes_; }

  /// Add a tile, if vectorized: of any task, or of one that classifies.
  void add_vectors(const int32_t* codes, int64_t begin, int count, bool with_loss,
                   TrialOutcome& outcome) const;
  void add_answers(const int32_t* codes, int64_t begin, int count, bool with_loss,
                   TrialOutcome& outcome) const;
  /// Adds a tile, if not vectorized.
  template <typename Int>
  void add_one_by_one(const Int* codes, int64_t begin, int count, bool with_loss,
                      TrialOutcome& outcome) const;
  /// The loss of one sample with these codes: codes[k * stride].
  template <typename Int>
  int64_t loss_of(const Int* codes, int64_t stride, int64_t sample) const;

  const EvaluationSet& set_;
  int num_codes_;
  float step_;                              // real size of a scored code
  bool is_vectorized_;                      // whether kernels/cpu/score.h can score any codes of this model
  std::vector<int32_t> clean_tiles_;        // [tiles, num_codes, kTile] if vectorized, else empty
  std::vector<int64_t> clean_codes_;        // [samples, num_codes] if not, else empty
  std::vector<int32_t> clean_predictions_;  // [tiles, kTile]
  std::vector<CleanCounts> clean_counts_;   // [tiles]
  std::vector<int64_t> clean_losses_;       // [tiles, kTile] if vectorized and classifying, else empty
  std::vector<int32_t> labels_;             // [tiles, kTile] if vectorized, else empty; beyond the set 0
  std::vector<float> targets_;              // [tiles, num_codes, kTile] likewise
};

}  // namespace netsurf
