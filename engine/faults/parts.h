// Work on a range in parts, one a thread. No part waits for another, so results hang on nothing but the
// range.
#pragma once

#include <algorithm>
#include <cstdint>

namespace netsurf {

/// Parts worth a thread each: at most num_threads, at least `least` items in every one.
inline int num_parts(uint64_t num_items, uint64_t least, int num_threads) {
  return static_cast<int>(std::clamp<uint64_t>(num_items / least, 1, static_cast<uint64_t>(num_threads)));
}

/// work(part, begin, end) for each of `parts` parts of [0, count). An exception in work ends the program.
template <typename Work>
void for_each_part(uint64_t count, int parts, const Work& work) {
  auto cut = [&](int part) { return count * static_cast<uint64_t>(part) / static_cast<uint64_t>(parts); };
#pragma omp parallel for num_threads(parts) schedule(static, 1) if (parts > 1)
  for (int part = 0; part < parts; ++part) work(part, cut(part), cut(part + 1));
}

}  // namespace netsurf
