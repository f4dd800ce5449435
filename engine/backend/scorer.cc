#include "engine/backend/scorer.h"

#include "kernels/core/score.h"
#include "kernels/cpu/tile.h"

namespace netsurf {

using cpu::kTile;

Scorer::Scorer(const Model& model, const EvaluationSet& set)
    : set_(set),
      num_codes_(static_cast<int>(model.type(model.scored_layer()).elements())),
      step_(core::step_of(model.layers().back().unit, model.type(model.scored_layer()).frac_bits)) {
  clean_codes_.resize(static_cast<size_t>(set.count) * static_cast<size_t>(num_codes_));
  clean_predictions_.resize(static_cast<size_t>(set.count));
}

TrialOutcome Scorer::empty_outcome(uint64_t trial, bool with_loss) const {
  TrialOutcome outcome;
  outcome.trial = trial;
  outcome.correct = set_.task == Task::classification ? 0 : kNoCount;
  outcome.loss = with_loss && set_.task != Task::comparison ? 0 : kNoCount;
  return outcome;
}

template <typename Int>
void Scorer::record_clean(const Int* codes, int64_t begin, int count) {
  for (int s = 0; s < count; ++s) {
    auto sample = static_cast<size_t>(begin + s);
    for (int k = 0; k < num_codes_; ++k)
      clean_codes_[sample * static_cast<size_t>(num_codes_) + k] = codes[k * kTile + s];
    clean_predictions_[sample] = core::argmax(codes + s, num_codes_, kTile);
  }
}

template <typename Int>
void Scorer::add(const Int* codes, int64_t begin, int count, bool with_loss, TrialOutcome& outcome) const {
  bool classifies = set_.task == Task::classification;
  for (int s = 0; s < count; ++s) {
    auto sample = static_cast<size_t>(begin + s);
    const int64_t* clean = clean_codes_.data() + sample * static_cast<size_t>(num_codes_);
    int64_t distance = 0;
    for (int k = 0; k < num_codes_; ++k) {
      distance = core::held_sum(distance, core::squared_difference(codes[k * kTile + s], clean[k]));
    }
    outcome.distance = core::held_sum(outcome.distance, distance);
    if (classifies) {
      int prediction = core::argmax(codes + s, num_codes_, kTile);
      outcome.changed += prediction != clean_predictions_[sample] ? 1 : 0;
      outcome.correct += prediction == set_.labels[sample] ? 1 : 0;
      if (with_loss)
        outcome.loss += core::cross_entropy(codes + s, num_codes_, kTile, step_, set_.labels[sample]);
    } else {
      outcome.changed += distance != 0 ? 1 : 0;
      const float* targets = set_.targets.data() + sample * static_cast<size_t>(num_codes_);
      if (with_loss && set_.task != Task::comparison)
        outcome.loss += core::squared_error(codes + s, num_codes_, kTile, step_, targets);
    }
  }
}

template void Scorer::record_clean(const int32_t*, int64_t, int);
template void Scorer::record_clean(const int64_t*, int64_t, int);
template void Scorer::add(const int32_t*, int64_t, int, bool, TrialOutcome&) const;
template void Scorer::add(const int64_t*, int64_t, int, bool, TrialOutcome&) const;

}  // namespace netsurf
