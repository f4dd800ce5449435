// Orders of made-up bits, for the tests of what compares orders.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

namespace netsurf::test {

inline std::vector<uint32_t> rising(size_t size) {
  std::vector<uint32_t> places(size);
  std::iota(places.begin(), places.end(), 0u);
  return places;
}

inline std::vector<uint32_t> reversed(std::vector<uint32_t> places) {
  for (uint32_t& place : places) place = static_cast<uint32_t>(places.size()) - 1 - place;
  return places;
}

inline std::vector<uint32_t> shuffled(size_t size, uint32_t seed) {
  std::vector<uint32_t> places = rising(size);
  std::mt19937 random(seed);
  std::shuffle(places.begin(), places.end(), random);
  return places;
}

/// Places by (place + noise): near to `places` for little noise.
inline std::vector<uint32_t> disturbed(const std::vector<uint32_t>& places, double noise, uint32_t seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> draw(-noise, noise);
  std::vector<double> key(places.size());
  for (size_t i = 0; i < key.size(); ++i) key[i] = places[i] + draw(random);
  std::vector<uint32_t> order = rising(key.size()), moved(key.size());
  std::sort(order.begin(), order.end(), [&](uint32_t i, uint32_t j) { return key[i] < key[j]; });
  for (size_t place = 0; place < order.size(); ++place) moved[order[place]] = static_cast<uint32_t>(place);
  return moved;
}

}  // namespace netsurf::test
