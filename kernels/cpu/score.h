// The score of one tile: the functions of kernels/core/score.h for kTile samples at once, with the same bits.
// Codes, clean codes and targets are [num_codes, kTile]; what a sample has one of is [kTile].
#pragma once

#include <cstdint>

#include "kernels/cpu/tile.h"

namespace netsurf::cpu {

/// Whether a tile of codes in [low, high] can be scored here: the difference of two codes fits 32 bits and
/// the squared distance of the tile 64, so that no sum has to be held.
bool scores_fit(int64_t low, int64_t high, int64_t num_codes);

/// What the answers of a tile's first samples count.
struct AnswerCounts {
  int64_t distance = 0;  // sum of the squared differences from clean
  int different = 0;  // samples whose prediction, the lowest index of a largest code, is another than clean
  int correct = 0;    // samples whose prediction is the label
};

/// Of the samples below `count`, in one pass. With a loss to follow also: each sample's largest code, and the
/// samples of which any code differs from clean, as changed_samples gives them; those beyond count may be
/// anything. REQUIRES: scores_fit of their codes.
AnswerCounts count_answers(const int32_t* codes, const int32_t* clean, int num_codes,
                           const int32_t* clean_predictions, const int32_t* labels, int count);
AnswerCounts count_answers(const int32_t* codes, const int32_t* clean, int num_codes,
                           const int32_t* clean_predictions, const int32_t* labels, int count,
                           int32_t* largest, uint32_t& changed);

/// The lowest index among each sample's largest codes, and that largest code.
void find_largest(const int32_t* codes, int num_codes, int32_t* predictions, int32_t* largest);

/// Of the samples below `count`, those in which a and b differ.
int count_different(const int32_t* a, const int32_t* b, int count);

/// Of the samples below `count`, those of which any code differs from clean.
int count_changed(const int32_t* codes, const int32_t* clean, int num_codes, int count);

/// Sum of the squared differences from clean of the samples below `count`. REQUIRES: scores_fit of their
/// codes; other samples may hold anything.
int64_t squared_distance(const int32_t* codes, const int32_t* clean, int num_codes, int count);

/// Sum of core::cross_entropy of all kTile samples, given their largest codes. REQUIRES: scores_fit;
/// 0 <= labels < num_codes.
int64_t cross_entropy(const int32_t* codes, int num_codes, float step, const int32_t* largest,
                      const int32_t* labels);

/// The samples of which any code differs from clean, as bits: sample 0 is the lowest.
uint32_t changed_samples(const int32_t* codes, const int32_t* clean, int num_codes);

/// As cross_entropy, of the samples of these bits alone: faster than all of them where they are at most half.
int64_t cross_entropy_of(const int32_t* codes, int num_codes, float step, const int32_t* largest,
                         const int32_t* labels, uint32_t samples);

/// Sum of core::squared_error of all kTile samples. REQUIRES: no target is NaN.
int64_t squared_error(const int32_t* codes, int num_codes, float step, const float* targets);

}  // namespace netsurf::cpu
