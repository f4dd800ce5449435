// Networks and data to measure speed on where neither is at hand: a benchmark trained for seconds on made-up
// images.
#pragma once

#include <cstdint>

#include "engine/model/benchmark.h"
#include "engine/model/dataset.h"
#include "engine/model/model.h"

namespace netsurf {

struct StandIn {
  Model model;
  EvaluationSet set;
};

/// `benchmark`, a classifier, as its own network with weights that tell ten made-up kinds of image apart:
/// what is alive and what saturates is as in a trained network. The set has up to 10,000 samples, fewer for
/// networks so large that a trial would take seconds.
StandIn make_stand_in(const Benchmark& benchmark, uint64_t seed);

}  // namespace netsurf
