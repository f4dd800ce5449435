// NumPy's .npz archives: a zip of .npy files.
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "models/datasets_array.h"

namespace netsurf {

/// The arrays of an archive that are named in `keys` (without ".npy"), or all of them when `keys` is empty; a
/// key that the archive lacks is left out. Throws FormatError naming `file`: not a zip archive, a member that
/// cannot be inflated, repeats a name or is no array, or more than `max_bytes` of inflated content in all
/// (never trusting the sizes the archive claims).
std::map<std::string, NumberArray> parse_npz(std::string_view bytes, std::string_view file,
                                             std::span<const std::string> keys,
                                             uint64_t max_bytes = kMaxArrayBytes);

/// As parse_npz, from a file. Throws InputError when it is missing.
std::map<std::string, NumberArray> read_npz(const std::filesystem::path& path,
                                            std::span<const std::string> keys);

}  // namespace netsurf
