#include "engine/rank/influence.h"

namespace netsurf {
namespace {

/// Counts of numbers below n, with their sums up to any of them in log n steps (P. M. Fenwick, "A new data
/// structure for cumulative frequency tables", Software: Practice and Experience 24, 1994).
class CountTree {
 public:
  explicit CountTree(size_t n) : node_(n + 1) {}

  void add(uint32_t number) {
    for (size_t at = size_t{number} + 1; at < node_.size(); at += at & (~at + 1)) ++node_[at];
  }
  /// How many added numbers are smaller.
  uint32_t num_below(uint32_t number) const {
    uint32_t count = 0;
    for (size_t at = number; at > 0; at &= at - 1) count += node_[at];
    return count;
  }

 private:
  std::vector<uint32_t> node_;
};

/// Adds to total[bit] the centred places in `values` of the bits that `places` puts after it, and half its
/// own.
void add_places_after(Places places, Places values, std::vector<double>& total) {
  std::vector<uint32_t> order = order_of(places);
  double middle = (static_cast<double>(places.size()) - 1) / 2;
  double after = 0;  // whole and half numbers below 2^53 for fewer than 2^26 bits: exact there
  for (size_t place = order.size(); place-- > 0;) {
    uint32_t bit = order[place];
    double own = values[bit] - middle;
    total[bit] += own / 2 + after;
    after += own;
  }
}

}  // namespace

std::vector<uint32_t> order_of(Places places) {
  std::vector<uint32_t> order(places.size());
  for (size_t bit = 0; bit < places.size(); ++bit) order[places[bit]] = static_cast<uint32_t>(bit);
  return order;
}

std::vector<int64_t> pair_surplus(Places a, Places b) {
  auto n = static_cast<int64_t>(a.size());
  std::vector<int64_t> surplus(a.size());
  CountTree seen(a.size());
  for (uint32_t bit : order_of(a)) {
    // Before it in both; those after it in both follow from the two places.
    int64_t before = seen.num_below(b[bit]);
    seen.add(b[bit]);
    int64_t alike = 2 * before + n - 1 - int64_t{a[bit]} - int64_t{b[bit]};
    surplus[bit] = 2 * alike - (n - 1);
  }
  return surplus;
}

std::vector<double> rho_influence(Places a, Places b) {
  auto n = static_cast<double>(a.size());
  std::vector<double> influence(a.size());
  double middle = (n - 1) / 2;
  for (size_t bit = 0; bit < a.size(); ++bit) influence[bit] = (a[bit] - middle) * (b[bit] - middle);
  // Moving weight to a bit also shifts the places of all that follow it.
  add_places_after(a, b, influence);
  add_places_after(b, a, influence);
  for (double& value : influence) value *= 12 / (n * n - 1);
  return influence;
}

}  // namespace netsurf
