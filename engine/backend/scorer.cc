#include "engine/backend/scorer.h"

#include <bit>
#include <type_traits>

#include "kernels/core/score.h"
#include "kernels/cpu/score.h"
#include "kernels/cpu/tile.h"

namespace netsurf {

using cpu::kTile;

Scorer::Scorer(const Model& model, const EvaluationSet& set)
    : set_(set),
      num_codes_(static_cast<int>(model.type(model.scored_layer()).elements())),
      step_(core::step_of(model.layers().back().unit, model.type(model.scored_layer()).frac_bits)) {
  const TensorType& type = model.type(model.scored_layer());
  is_vectorized_ = !type.needs_64_bits() && cpu::scores_fit(type.low, type.high, num_codes_);
  auto num_codes = static_cast<size_t>(num_codes_),
       num_tiles = static_cast<size_t>((set.count + kTile - 1) / kTile);
  size_t lanes = num_tiles * kTile;
  clean_predictions_.resize(lanes);
  clean_counts_.resize(num_tiles);
  if (!is_vectorized_) {
    clean_codes_.resize(static_cast<size_t>(set.count) * num_codes);
    return;
  }
  clean_tiles_.resize(lanes * num_codes);
  if (classifies()) {
    labels_ = set.labels;
    labels_.resize(lanes);
    clean_losses_.resize(lanes);
  } else if (has_loss()) {
    targets_.resize(lanes * num_codes);
    for (size_t sample = 0; sample < static_cast<size_t>(set.count); ++sample) {
      float* tile = targets_.data() + sample / kTile * num_codes * kTile;
      for (size_t k = 0; k < num_codes; ++k)
        tile[k * kTile + sample % kTile] = set.targets[sample * num_codes + k];
    }
  }
}

TrialOutcome Scorer::empty_outcome(uint64_t trial, bool with_loss) const {
  TrialOutcome outcome;
  outcome.trial = trial;
  outcome.correct = classifies() ? 0 : kNoCount;
  outcome.loss = with_loss && has_loss() ? 0 : kNoCount;
  return outcome;
}

void Scorer::merge(const TrialOutcome& part, TrialOutcome& whole) {
  if (whole.correct != kNoCount) whole.correct += part.correct;
  if (whole.loss != kNoCount) whole.loss += part.loss;
  whole.changed += part.changed;
  whole.distance = core::held_sum(whole.distance, part.distance);
}

template <typename Int>
void Scorer::record_clean(const Int* codes, int64_t begin, int count) {
  for (int s = 0; s < count; ++s) {
    clean_predictions_[static_cast<size_t>(begin + s)] = core::argmax(codes + s, num_codes_, kTile);
    for (int k = 0; k < num_codes_; ++k) {
      Int code = codes[int64_t{k} * kTile + s];
      if (is_vectorized_) {
        clean_tiles_[static_cast<size_t>(begin * num_codes_ + int64_t{k} * kTile + s)] =
            static_cast<int32_t>(code);
      } else {
        clean_codes_[static_cast<size_t>((begin + s) * num_codes_ + k)] = code;
      }
    }
  }
  TrialOutcome sums = empty_outcome(0, true);
  if (is_vectorized_) {
    if (classifies()) add_answers(clean_tile(begin), begin, count, false, sums);
    for (int s = 0; s < count && has_loss(); ++s) {
      int64_t loss = loss_of(codes + s, kTile, begin + s);
      if (classifies()) clean_losses_[static_cast<size_t>(begin + s)] = loss;
      sums.loss += loss;
    }
  } else {
    add_one_by_one(codes, begin, count, true, sums);
  }
  clean_counts_[static_cast<size_t>(begin / kTile)] = {sums.correct, sums.loss};
}

template <typename Int>
void Scorer::add(const Int* codes, int64_t begin, int count, bool with_loss, TrialOutcome& outcome) const {
  if constexpr (std::is_same_v<Int, int32_t>) {
    if (is_vectorized_) return add_vectors(codes, begin, count, with_loss, outcome);
  }
  add_one_by_one(codes, begin, count, with_loss, outcome);
}

void Scorer::add_clean(int64_t begin, int count, bool with_loss, TrialOutcome& outcome) const {
  for (int64_t tile = begin / kTile; tile * kTile < begin + count; ++tile) {
    const CleanCounts& clean = clean_counts_[static_cast<size_t>(tile)];
    if (classifies()) outcome.correct += clean.correct;
    if (with_loss && has_loss()) outcome.loss += clean.loss;
  }
}

void Scorer::add_vectors(const int32_t* codes, int64_t begin, int count, bool with_loss,
                         TrialOutcome& outcome) const {
  if (classifies()) return add_answers(codes, begin, count, with_loss, outcome);
  const int32_t* clean = clean_tile(begin);
  int64_t distance = cpu::squared_distance(codes, clean, num_codes_, count);
  if (distance == 0) return add_clean(begin, count, with_loss, outcome);
  outcome.distance = core::held_sum(outcome.distance, distance);
  outcome.changed += cpu::count_changed(codes, clean, num_codes_, count);
  if (!with_loss || !has_loss()) return;
  if (count == kTile) {
    outcome.loss += cpu::squared_error(codes, num_codes_, step_, targets_.data() + begin * num_codes_);
    return;
  }
  for (int s = 0; s < count; ++s) outcome.loss += loss_of(codes + s, kTile, begin + s);
}

void Scorer::add_answers(const int32_t* codes, int64_t begin, int count, bool with_loss,
                         TrialOutcome& outcome) const {
  const int32_t *clean = clean_tile(begin), *labels = labels_.data() + begin,
                *predictions = clean_predictions_.data() + begin;
  auto add = [&](const cpu::AnswerCounts& counts) {
    outcome.distance = core::held_sum(outcome.distance, counts.distance);
    outcome.changed += counts.different;
    outcome.correct += counts.correct;
  };
  if (!with_loss) return add(cpu::count_answers(codes, clean, num_codes_, predictions, labels, count));
  int32_t largest[kTile];
  uint32_t changed;
  const cpu::AnswerCounts counts =
      cpu::count_answers(codes, clean, num_codes_, predictions, labels, count, largest, changed);
  add(counts);
  if (counts.distance == 0) {
    outcome.loss += clean_counts_[static_cast<size_t>(begin / kTile)].loss;
    return;
  }
  if (count < kTile) {
    for (int s = 0; s < count; ++s) outcome.loss += loss_of(codes + s, kTile, begin + s);
    return;
  }
  // Mostly few samples differ from clean, and exponentials are what scoring costs.
  if (std::popcount(changed) > kTile / 2) {
    outcome.loss += cpu::cross_entropy(codes, num_codes_, step_, largest, labels);
    return;
  }
  outcome.loss += clean_counts_[static_cast<size_t>(begin / kTile)].loss +
                  cpu::cross_entropy_of(codes, num_codes_, step_, largest, labels, changed);
  for (uint32_t left = changed; left != 0; left &= left - 1)
    outcome.loss -= clean_losses_[static_cast<size_t>(begin + std::countr_zero(left))];
}

template <typename Int>
void Scorer::add_one_by_one(const Int* codes, int64_t begin, int count, bool with_loss,
                            TrialOutcome& outcome) const {
  std::vector<int64_t> scored(static_cast<size_t>(num_codes_));  // 64 bits for their differences
  for (int s = 0; s < count; ++s) {
    const int64_t* clean = clean_codes_.data() + (begin + s) * num_codes_;
    int64_t distance = 0;
    for (int k = 0; k < num_codes_; ++k) {
      scored[static_cast<size_t>(k)] = codes[int64_t{k} * kTile + s];
      distance = core::held_sum(distance, core::squared_difference(scored[static_cast<size_t>(k)], clean[k]));
    }
    outcome.distance = core::held_sum(outcome.distance, distance);
    if (classifies()) {
      auto sample = static_cast<size_t>(begin + s);
      int prediction = core::argmax(scored.data(), num_codes_, 1);
      outcome.changed += prediction != clean_predictions_[sample] ? 1 : 0;
      outcome.correct += prediction == set_.labels[sample] ? 1 : 0;
    } else {
      outcome.changed += distance != 0 ? 1 : 0;
    }
    if (with_loss && has_loss()) outcome.loss += loss_of(scored.data(), 1, begin + s);
  }
}

template <typename Int>
int64_t Scorer::loss_of(const Int* codes, int64_t stride, int64_t sample) const {
  if (classifies())
    return core::cross_entropy(codes, num_codes_, stride, step_, set_.labels[static_cast<size_t>(sample)]);
  return core::squared_error(codes, num_codes_, stride, step_, set_.targets.data() + sample * num_codes_);
}

template void Scorer::record_clean(const int32_t*, int64_t, int);
template void Scorer::record_clean(const int64_t*, int64_t, int);
template void Scorer::add(const int32_t*, int64_t, int, bool, TrialOutcome&) const;
template void Scorer::add(const int64_t*, int64_t, int, bool, TrialOutcome&) const;

}  // namespace netsurf
