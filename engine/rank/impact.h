// How far flipping a bit moves the output of its own layer: what `qpolar` ranks by.
#pragma once

#include <vector>

#include "engine/rank/flip_table.h"
#include "engine/rank/ranker.h"

namespace netsurf {

/// [bits] per sample of the request's data, in real units; d is the flip's step, x the layer's input:
///   dense kernel: |mean over the samples of x_i| |d|;
///   convolution kernel: mean over the samples of the length (Euclidean) of what the element adds to the
///   output map, |d| included; affine scale: mean over samples and pixels of |x_c|, times |d|; bias, shift,
///   threshold: |d|.
/// A parameter of several layers has the sum of its impacts. The inputs x are those of the model
/// (`are_corrupted` false) or of the network in which every bit of the space is flipped. The same for any
/// number of threads.
std::vector<double> bit_impacts(const RankRequest& request, const FlipTable& flips, bool are_corrupted);

}  // namespace netsurf
