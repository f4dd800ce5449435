#include "engine/rank/capture.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/backend/parallel.h"

namespace netsurf {
namespace {

/// Measured bits, by their index, most important first.
using Order = std::vector<uint32_t>;

template <typename IsBefore>
Order sorted_indices(size_t size, IsBefore is_before) {
  Order order(size);
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), is_before);
  return order;
}

struct Caught {
  double area = 0, first = 0;
};

/// With counts per measured bit, as if bit i were there counts[i] times: the area, and the damage of the
/// first `num_first` bits. The area has the trapezoid of every step. `harm` is in order.
Caught caught_by(const Order& order, std::span<const double> harm, std::span<const uint8_t> counts,
                 size_t num_first) {
  double held = 0, first = 0, area = 0, total = 0;
  for (size_t place = 0; place < order.size(); ++place) {
    double count = counts[order[place]], more = count * harm[place];
    area += count * (held + more / 2);
    held += more;
    total += count;
    if (place + 1 == num_first) first = held;
  }
  return {held > 0 ? area / (held * total) : 0, first};
}

/// Places by falling damage, those of equal damage sharing the mean of theirs.
std::vector<double> shared_places(const Order& best, std::span<const double> damage) {
  std::vector<double> places(best.size());
  for (size_t begin = 0; begin < best.size();) {
    size_t end = begin + 1;
    while (end < best.size() && damage[best[end]] == damage[best[begin]]) ++end;
    for (size_t place = begin; place < end; ++place)
      places[best[place]] = (static_cast<double>(begin) + static_cast<double>(end) - 1) / 2;
    begin = end;
  }
  return places;
}

/// Correlation of the places in `order` with `places`; 0 where all of these are equal.
double correlation(const Order& order, std::span<const double> places) {
  auto n = static_cast<double>(order.size());
  double middle = (n - 1) / 2, both = 0, squares = 0;
  for (size_t place = 0; place < order.size(); ++place) {
    double away = places[order[place]] - middle;
    both += (static_cast<double>(place) - middle) * away;
    squares += away * away;
  }
  return squares > 0 ? both / std::sqrt(squares * (n * n - 1) * n / 12) : 0;
}

/// NaN for a resample in which there was nothing to catch.
double ratio(double part, double whole) { return whole > 0 ? part / whole : NAN; }

}  // namespace

std::vector<Capture> capture(std::span<const Places> orders, std::span<const BitId> bits,
                             std::span<const double> damage, const CaptureOptions& options) {
  std::vector<double> harm(damage.size());
  std::transform(damage.begin(), damage.end(), harm.begin(),
                 [](double value) { return std::max(value, 0.0); });
  if (std::none_of(harm.begin(), harm.end(), [](double value) { return value > 0; })) return {};
  size_t size = bits.size(), num_first = std::max<size_t>(1, size / 100);

  // By signed damage: a bit whose flip helps is the last to protect.
  Order best = sorted_indices(size, [&](uint32_t i, uint32_t j) {
    return damage[i] != damage[j] ? damage[i] > damage[j] : bits[i] < bits[j];
  });
  auto in_order = [&](const Order& order) {
    std::vector<double> harms(size);
    for (size_t place = 0; place < size; ++place) harms[place] = harm[order[place]];
    return harms;
  };
  std::vector<double> best_harm = in_order(best);
  std::vector<Order> sorted(orders.size());
  std::vector<std::vector<double>> sorted_harm(orders.size());
  parallel_tasks(options.num_threads, static_cast<int64_t>(orders.size()), [&](int64_t task, size_t) {
    auto order = static_cast<size_t>(task);
    Places places = orders[order];
    sorted[order] =
        sorted_indices(size, [&](uint32_t i, uint32_t j) { return places[bits[i]] < places[bits[j]]; });
    sorted_harm[order] = in_order(sorted[order]);
  });

  auto resamples = static_cast<size_t>(options.resamples);
  // [order][resample]; one more resample at the end counts every bit once.
  std::vector<std::vector<double>> areas(orders.size(), std::vector<double>(resamples + 1)), firsts = areas;
  Bootstrap bootstrap(options.seed);
  parallel_tasks(options.num_threads, static_cast<int64_t>(resamples) + 1, [&](int64_t task, size_t) {
    auto resample = static_cast<size_t>(task);
    std::vector<uint8_t> counts((size + 7) / 8 * 8, 1);
    if (resample < resamples) bootstrap.draw(resample, 0, counts);
    Caught most = caught_by(best, best_harm, counts, num_first);
    for (size_t order = 0; order < orders.size(); ++order) {
      Caught caught = caught_by(sorted[order], sorted_harm[order], counts, num_first);
      areas[order][resample] = ratio(caught.area, most.area);
      firsts[order][resample] = ratio(caught.first, most.first);
    }
  });

  std::vector<double> by_damage = shared_places(best, damage);
  std::vector<Capture> captures(orders.size());
  for (size_t order = 0; order < orders.size(); ++order) {
    auto estimate = [](std::vector<double>& figures) {
      double value = figures.back();
      figures.pop_back();
      std::erase_if(figures, [](double figure) { return std::isnan(figure); });
      return estimate_of(value, std::move(figures), 0, 1);
    };
    captures[order].area = estimate(areas[order]);
    captures[order].recall = estimate(firsts[order]);
    captures[order].spearman = correlation(sorted[order], by_damage);
  }
  return captures;
}

}  // namespace netsurf
