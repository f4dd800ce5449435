// The networks that the GPU is checked and measured on: shapes of the built-in benchmarks and of published
// networks, with seeded weights and inputs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/model/dataset.h"
#include "engine/model/model.h"

namespace netsurf::bench {

struct Network {
  std::string name;
  Task task = Task::classification;
  bool has_sparse_inputs = false;  // four of five codes are 0, as in an image of a digit
  int64_t full_count = 10000;      // samples of its full set
  Model model;
};

/// All of them, the three of bench/peers first; quick: those alone.
std::vector<Network> networks(bool is_quick);

/// The first `count` of a network's samples.
EvaluationSet samples(const Network& network, int64_t count);

}  // namespace netsurf::bench
