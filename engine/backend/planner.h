// The paths a backend can take. All paths give the same bits, so the choice is about time alone.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace netsurf {

enum class Path : uint8_t {
  plain,      // core functions in loops: the reference
  dense,      // every layer anew with the trial's weights, in packed codes
  delta,      // clean sums and a correction per flip; layers before the first fault are not computed
  automatic,  // "auto": for every trial, layer and group of channels whatever is cheapest
};

inline constexpr std::array kAllPaths = {Path::plain, Path::dense, Path::delta, Path::automatic};

std::string_view name_of(Path path);
/// Throws InputError with a suggestion for another word.
Path parse_path(std::string_view text);

/// What one trial is expected to take on one thread.
struct PathEstimate {
  Path path = Path::plain;
  double seconds_per_trial = 0;
};

}  // namespace netsurf
