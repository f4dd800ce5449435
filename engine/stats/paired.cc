#include "engine/stats/paired.h"

#include <cmath>
#include <vector>

#include "engine/stats/student_t.h"

namespace netsurf {

PairedDifference paired_difference(std::span<const int64_t> a, std::span<const int64_t> b, double unit,
                                   uint64_t epoch_size, double level) {
  // Sums of epochs are whole numbers, so equal ones give a spread of exactly zero.
  uint64_t num_epochs = a.size() / epoch_size;
  std::vector<__int128> sums(num_epochs);
  __int128 total = 0;
  for (uint64_t trial = 0; trial < num_epochs * epoch_size; ++trial)
    sums[trial / epoch_size] += static_cast<__int128>(a[trial]) - b[trial];
  for (__int128 sum : sums) total += sum;

  PairedDifference difference;
  auto count = static_cast<double>(num_epochs), scale = unit * static_cast<double>(epoch_size);
  if (num_epochs > 0) difference.mean = static_cast<double>(total) / (count * scale);
  if (epoch_size > 1 && num_epochs < kMinEpochs) difference.basis = IntervalBasis::too_few_epochs;
  if (num_epochs < (epoch_size > 1 ? kMinEpochs : 2)) return difference;

  double squares = 0;
  for (__int128 sum : sums) {
    // Around the mean, times the count: exact where it is zero.
    double away = static_cast<double>(sum * static_cast<__int128>(num_epochs) - total) / (count * scale);
    squares += away * away;
  }
  difference.basis = IntervalBasis::no_spread;
  if (squares == 0) return difference;
  difference.basis = epoch_size > 1 ? IntervalBasis::epochs : IntervalBasis::trials;
  double half = student_t_quantile(1 - (1 - level) / 2, count - 1) * std::sqrt(squares / (count - 1) / count);
  difference.interval = Interval{difference.mean - half, difference.mean + half};
  return difference;
}

}  // namespace netsurf
