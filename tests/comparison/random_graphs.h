// Random networks, data and faults, run by a backend and by the naive reference, and compared outcome by
// outcome.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "engine/backend/backend.h"
#include "tests/reference/naive_inference.h"
#include "tests/support/every.h"

namespace netsurf::naive {

/// What a run over many graphs met.
struct Tally {
  int64_t graphs = 0, trials = 0, flips = 0, changed = 0;
  int64_t refused = 0;      // drawn, but too wide to be built
  int64_t wide_layers = 0;  // held in int64
  int64_t shared = 0;       // uses of a parameter beyond its first
  int64_t pruned = 0;       // pruned elements
  testing::EveryKind kinds;
  std::map<std::string, int64_t> attributes;  // by name, how many layers or parameters had it

  std::string text() const;
  /// Names of layer kinds, functions and attributes that no graph had, each followed by a space.
  std::string missing() const;
};

/// Draws graph number `graph` of `seed`, a few samples, and several plans of several trials each, runs them
/// on `backend` and through the reference (with a planted mistake, if any). Returns what differed first, or
/// "" when all outcomes, inferred types and bit addresses are equal.
std::string compare_graph(Backend& backend, uint64_t seed, int64_t graph, Plant plant, Tally& tally);

/// compare_graph for graphs [0, graphs), stopping at the first difference; the text then names the seed and
/// the graph.
std::string compare_graphs(Backend& backend, uint64_t seed, int64_t graphs, Plant plant, Tally& tally);

}  // namespace netsurf::naive
