// The text header of an .npy file: a Python dictionary with three keys.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "models/bytes.h"

namespace netsurf {

struct NpyHeader {
  std::string descr;  // element type, e.g. "<f4"
  bool fortran_order = false;
  std::vector<int64_t> shape;
};

/// Takes magic, version and header from the front of `reader`. Throws FormatError as parse_npy does.
NpyHeader take_npy_header(ByteReader& reader);

}  // namespace netsurf
