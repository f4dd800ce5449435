#include "engine/rank/order.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <functional>
#include <numeric>
#include <set>

#include "engine/base/error.h"

namespace netsurf {
namespace {

/// Stable counting sorts over arrays of ids. Least significant key first, as a radix sort wants it.
class IdSorter {
 public:
  explicit IdSorter(size_t size) : ids_(size), spare_(size) { std::iota(ids_.begin(), ids_.end(), BitId{0}); }

  /// Sorts by digit_of(id), which lies in [0, num_digits).
  template <typename DigitOf>
  void sort_by(size_t num_digits, DigitOf digit_of) {
    std::vector<size_t> start(num_digits + 1);
    for (BitId id : ids_) ++start[digit_of(id) + 1];
    if (std::find(start.begin(), start.end(), ids_.size()) != start.end()) return;  // all alike
    std::partial_sum(start.begin(), start.end(), start.begin());
    for (BitId id : ids_) spare_[start[digit_of(id)]++] = id;
    ids_.swap(spare_);
  }

  template <typename KeyOf>
  void sort_by_64_bits(KeyOf key_of) {
    for (int shift = 0; shift < 64; shift += 8) {
      sort_by(256, [&](BitId id) { return static_cast<size_t>(key_of(id) >> shift & 0xFF); });
    }
  }

  std::vector<BitId> take() { return std::move(ids_); }

 private:
  std::vector<BitId> ids_, spare_;
};

/// A number that falls as the score rises.
uint64_t descending_key(double score) {
  uint64_t bits = std::bit_cast<uint64_t>(score);
  return bits >> 63 != 0 ? bits : bits ^ (~uint64_t{0} >> 1);
}

/// Throws RunError for a score that is not finite; minus zero becomes zero.
void clean_scores(std::vector<double>& score) {
  for (size_t id = 0; id < score.size(); ++id) {
    if (!std::isfinite(score[id])) {
      throw RunError("the ranker gave bit " + std::to_string(id) + " a score that is not a finite number");
    }
    if (score[id] == 0) score[id] = 0;
  }
}

/// plane[BitId]: 0 for the highest exponent of the network, rising.
struct Planes {
  std::vector<uint16_t> plane;
  size_t count = 0;
};

Planes find_planes(const RankRequest& request) {
  const std::vector<Parameter>& parameters = request.model.parameters();
  std::set<int, std::greater<int>> exponents;
  for (const BitSpace::Segment& segment : request.space.segments()) {
    const Parameter& parameter = parameters[static_cast<size_t>(segment.parameter)];
    for (int bit = 0; bit < segment.bits; ++bit) exponents.insert(exponent_of(parameter, bit));
  }
  Planes planes;
  planes.count = exponents.size();
  planes.plane.reserve(request.space.size());
  for (const BitSpace::Segment& segment : request.space.segments()) {
    const Parameter& parameter = parameters[static_cast<size_t>(segment.parameter)];
    std::array<uint16_t, kMaxParameterBits> of_bit{};
    for (int bit = 0; bit < segment.bits; ++bit) {
      auto found = exponents.find(exponent_of(parameter, bit));
      of_bit[static_cast<size_t>(bit)] = static_cast<uint16_t>(std::distance(exponents.begin(), found));
    }
    for (BitId id = segment.begin; id < segment.end; id += static_cast<BitId>(segment.bits)) {
      planes.plane.insert(planes.plane.end(), of_bit.begin(), of_bit.begin() + segment.bits);
    }
  }
  return planes;
}

}  // namespace

std::vector<BitId> order_by_key(const std::vector<uint64_t>& key) {
  IdSorter sorter(key.size());
  sorter.sort_by_64_bits([&](BitId id) { return key[id]; });
  return sorter.take();
}

RankedBits order_places(const RankRequest& request, std::vector<double> score) {
  clean_scores(score);
  std::vector<uint8_t> place(score.size());
  for_each_bit(request.space, [&](BitId id, const BitSpace::Segment& segment, int64_t, int bit) {
    place[id] = static_cast<uint8_t>(segment.bits - 1 - bit);
  });
  IdSorter sorter(score.size());
  sorter.sort_by_64_bits([&](BitId id) { return descending_key(score[id]); });
  sorter.sort_by(kMaxParameterBits, [&](BitId id) { return size_t{place[id]}; });
  return {sorter.take(), std::move(score)};
}

RankedBits order_bits(const RankRequest& request, std::vector<double> score, OrderMode mode) {
  clean_scores(score);
  Planes planes = find_planes(request);
  IdSorter sorter(score.size());
  auto by_plane = [&] { sorter.sort_by(planes.count, [&](BitId id) { return size_t{planes.plane[id]}; }); };
  auto by_score = [&] { sorter.sort_by_64_bits([&](BitId id) { return descending_key(score[id]); }); };
  if (mode == OrderMode::planes) {
    by_score();
    by_plane();
  } else {
    by_plane();
    by_score();
  }
  return {sorter.take(), std::move(score)};
}

}  // namespace netsurf
