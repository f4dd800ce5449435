// What the samples of a lane count. The definitions are those of kernels/core/score.h.
#pragma once

#include <cstdint>
#include <type_traits>

#include "kernels/core/score.h"

namespace netsurf::cuda {

/// Sums over samples; an outcome's counts without its nulls.
struct LaneCounts {
  int64_t correct = 0, changed = 0, distance = 0, loss = 0;
};

/// What scoring needs to know of the evaluation set, on the device.
struct ScoreData {
  const int64_t* clean_codes = nullptr;        // [samples, num_codes]
  const int32_t* clean_predictions = nullptr;  // [samples], null unless the set is of classes
  const int32_t* labels = nullptr;             // [samples], likewise
  const float* targets = nullptr;              // [samples, num_codes], null unless samples have targets
  int num_codes = 0;
  float step = 0;          // real size of a code
  bool with_loss = false;  // and labels or targets are there
  bool is_near = false;    // no two codes differ by so much that a sample's distance could pass 2^62
};

/// (a - b)^2 of all codes of a sample; `is_near` as in ScoreData.
template <typename Int, typename CleanInt>
NETSURF_HD inline int64_t distance_of(const Int* codes, int64_t stride, const CleanInt* clean, int num_codes,
                                      bool is_near) {
  int64_t distance = 0;
  if (is_near) {
    // Codes of 32 bits that are near differ by less than 2^31.
    using Difference = std::conditional_t<sizeof(Int) == 4 && sizeof(CleanInt) == 4, int32_t, int64_t>;
    for (int k = 0; k < num_codes; ++k) {
      const Difference difference =
          static_cast<Difference>(codes[k * stride]) - static_cast<Difference>(clean[k]);
      distance += int64_t{difference} * difference;
    }
    return distance;
  }
  for (int k = 0; k < num_codes; ++k)
    distance = core::held_sum(distance, core::squared_difference(codes[k * stride], clean[k]));
  return distance;
}

/// Adds one sample's codes, codes[k * stride], to `counts`; `clean` [num_codes], `prediction` and `label` are
/// the sample's, the last two read only where the set is of classes. Sums of counts may be taken in any
/// order, those of distances by core::held_sum.
template <typename Int, typename CleanInt>
NETSURF_HD inline void score_codes(const Int* codes, int64_t stride, const CleanInt* clean, int prediction,
                                   int label, int64_t sample, const ScoreData& data, LaneCounts& counts) {
  const int64_t distance = distance_of(codes, stride, clean, data.num_codes, data.is_near);
  counts.distance = core::held_sum(counts.distance, distance);
  if (data.labels != nullptr) {
    int found = core::argmax(codes, data.num_codes, stride);
    counts.changed += found != prediction ? 1 : 0;
    counts.correct += found == label ? 1 : 0;
    if (data.with_loss) counts.loss += core::cross_entropy(codes, data.num_codes, stride, data.step, label);
  } else {
    counts.changed += distance != 0 ? 1 : 0;
    if (data.with_loss)
      counts.loss += core::squared_error(codes, data.num_codes, stride, data.step,
                                         data.targets + sample * data.num_codes);
  }
}

/// The same with everything from `data`.
template <typename Int>
NETSURF_HD inline void score_sample(const Int* codes, int64_t stride, int64_t sample, const ScoreData& data,
                                    LaneCounts& counts) {
  bool classifies = data.labels != nullptr;
  score_codes(codes, stride, data.clean_codes + sample * data.num_codes,
              classifies ? data.clean_predictions[sample] : 0, classifies ? data.labels[sample] : 0, sample,
              data, counts);
}

}  // namespace netsurf::cuda
