// A quantizer's own arithmetic: the code of a float, and the engine formats that hold its codes.
#pragma once

#include <optional>
#include <vector>

#include "models/foreign/graph.h"
#include "models/foreign/value.h"

namespace netsurf::foreign {

/// The code of y less the zero point, as the file's authors compute it: a float32 division, one rounding. For
/// a bipolar quantizer -1 or +1. REQUIRES: one scale for all channels.
int64_t code_of(float y, const Quantizer& quantizer);

/// The range of codes less the zero point; -1 and +1 for a bipolar quantizer.
int64_t lowest(const Quantizer& quantizer);
int64_t highest(const Quantizer& quantizer);

/// The rounding of codes less the zero point that, within the range of codes, gives what the quantizer gives:
/// its own where the zero point is added after rounding. Nothing where none of the nine does: to even behind
/// an odd zero point, and around a zero that lies inside the range.
std::optional<core::Rounding> rounding_less_zero_point(const Quantizer& quantizer);

/// A format with these fraction bits that holds the range; the quantizer's own bits where it has no zero
/// point.
Format format_of(const Quantizer& quantizer, int frac_bits);

/// A quantizer that rounds to a format.
Quantizer quantizer_of(const Format& format);

/// An empty text, or what is wrong with it: bits, scales, zero points.
std::string problem_of(const Quantizer& quantizer);

}  // namespace netsurf::foreign
