// NumPy's .npy files, format versions 1 to 3.
#pragma once

#include <filesystem>
#include <string_view>

#include "models/datasets_array.h"

namespace netsurf {

/// Reads an array of little-endian f4 f8, i1 i2 i4 i8, u1 u2 u4 u8 or b1, in C or Fortran order, of at most 8
/// sizes; the result is in C order. Throws FormatError naming `file`, the place, what was found and what was
/// expected: wrong magic or version, a header that is not the expected dictionary, another element type
/// (pickled objects and big-endian numbers among them), sizes that disagree with the number of bytes. Nothing
/// is allocated before the sizes are known to be true.
NumberArray parse_npy(std::string_view bytes, std::string_view file);

/// As parse_npy, from a file. Throws InputError when it is missing.
NumberArray read_npy(const std::filesystem::path& path);

}  // namespace netsurf
