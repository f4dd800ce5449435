// Real constants as codes of a signed fixed-point format.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/model/format.h"

namespace netsurf::foreign {

struct Fitted {
  Format format;
  std::vector<int32_t> codes;
};

/// The signed format of at most `bits` bits (2..32) and at most `most_frac_bits` fraction bits with the
/// finest step that holds every value, rounded half to even; fewer bits where they lose nothing.
Fitted fit(const std::vector<double>& values, int bits, int most_frac_bits);

}  // namespace netsurf::foreign
