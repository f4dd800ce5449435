// The end of a classifier, drawn instead of approximated. Its last layers have few weights, so a single flip
// is felt whole there, which no normal law says; and they cost little. Sums over the many weights before are
// nearly normal. So the inputs of the end are drawn from their law, its parameters with their flips: a few
// thousand faulty ends, which the samples share, run in integers.
#pragma once

#include <memory>
#include <span>

#include "engine/predict/outcome.h"

namespace netsurf {

/// Classification. Keeps references to network and set.
std::unique_ptr<OutcomeRule> make_drawn_end(const PlainNetwork& network, const BitSpace& space,
                                            const EvaluationSet& set, std::span<const double> rates,
                                            int num_threads);

/// The layer whose numbers the end starts from: the first sum (dense or convolution) that everything later
/// depends on through it alone, and behind which little work is left; else the scored layer.
int start_of_end(const Model& model);

}  // namespace netsurf
