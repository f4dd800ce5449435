// How likely it is that nothing upstream has flipped: then a layer's values are exactly the clean ones, which
// a normal law would not know. What matters at low rates, where most copies are clean.
#pragma once

#include <vector>

#include "engine/predict/parameter_law.h"
#include "engine/predict/tile_moments.h"

namespace netsurf {

struct CleanChances {
  std::vector<double> whole;    // by layer: no bit flips in it or in anything it depends on
  std::vector<double> element;  // by layer: the same for what a single element depends on, roughly
};

CleanChances clean_chances(const Model& model, const ParameterLaw& law);

/// The law of a number that is `clean` with a known chance, without that part: the mean and variance left to
/// the other cases. REQUIRES: chance < 1.
struct OtherCases {
  double mean = 0, variance = 0;
};
OtherCases without_clean(double mean, double variance, double clean, double chance);

/// The same for a tile: `clean` [samples, size], at one chance that all of a sample's values are clean.
TileMoments without_clean(const TileMoments& moments, const std::vector<double>& clean, double chance,
                          int samples);

}  // namespace netsurf
