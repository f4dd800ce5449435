// IDX files of unsigned bytes, the form MNIST comes in: a big-endian header (magic 2051 for images, 2049 for
// labels), then the bytes in C order.
#pragma once

#include <filesystem>
#include <string_view>

#include "models/datasets_array.h"

namespace netsurf {

/// Reads an IDX file with `rank` sizes (1 labels, 3 images; 0 any number up to 4); bytes become numbers
/// 0..255. Throws FormatError naming `file`, the place, what was found and what was expected: wrong magic,
/// another element type, sizes that disagree with the number of bytes. Nothing is allocated before the sizes
/// are known to be true.
NumberArray parse_idx(std::string_view bytes, std::string_view file, int rank = 0);

/// As parse_idx, from a file, gzip'd or plain. Throws InputError when it is missing.
NumberArray read_idx(const std::filesystem::path& path, int rank = 0);

}  // namespace netsurf
