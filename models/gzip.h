// Gzip through zlib, with a cap on what comes out.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace netsurf {

/// Whether `bytes` begin with gzip's magic 1f 8b.
bool is_gzip(std::string_view bytes);

/// The content of one or more gzip members. Throws FormatError when truncated, corrupt, followed by other
/// bytes, or more than `max_bytes` would come out; memory stays within twice what did come out. `file` names
/// the bytes in messages.
std::string gunzip(std::string_view bytes, std::string_view file, uint64_t max_bytes);

/// The content of a file, inflated when it is gzip. `max_bytes` bounds both the file and its content. Throws
/// as read_file and gunzip do.
std::string read_plain_or_gzip(const std::filesystem::path& path, uint64_t max_bytes);

}  // namespace netsurf
