// Random networks, data and faults, run on every path of the CPU backend and compared with the plain path.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "engine/model/model.h"
#include "tests/support/random.h"

namespace netsurf::testing {

/// What a run over many networks met.
struct PathTally {
  int64_t networks = 0, sessions = 0, trials = 0, flips = 0, changed = 0;
  int64_t affines = 0, pooled_affines = 0, steps = 0;  // stages that end in them
  std::set<std::string> paths;                         // Session::path() of every session compared
};

/// Whether chains have affine layers and second activations.
enum class Affines : uint8_t { none, some };

/// A chain of the kinds that the packed kernels serve: convolutions, affine layers, pools and one or two
/// activations in any order, then dense layers; formats of 1 to 8 bits mostly, odd sizes, any padding and
/// stride.
Model random_chain(Random& random, Affines affines);

/// Compares the paths dense, delta and auto with plain on `networks` networks, half of them chains: every
/// instruction set of this machine, 1 and 2 threads, a trace that fits and one that does not, 1 to
/// `max_samples` samples. Returns what differed first, or "".
std::string compare_paths(uint64_t seed, int64_t networks, int max_samples, PathTally& tally);

}  // namespace netsurf::testing
