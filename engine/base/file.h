// Reading and writing whole files. Writes are atomic: a temporary file beside the target, flushed, then
// renamed, so that a kill at any moment leaves either the old file or the new one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace netsurf {

/// The whole file. Throws InputError when it is missing, FormatError above `max_bytes`, RunError when reading
/// fails.
std::string read_file(const std::filesystem::path& path, uint64_t max_bytes);

/// Makes the parent folder if need be, and replaces `path` in one step. Throws RunError naming the cause
/// (disk full, read-only).
void write_file(const std::filesystem::path& path, std::string_view bytes);

/// As write_file, for writers that need a path of their own: calls `write(temporary)`, flushes what it left,
/// renames.
void replace_file(const std::filesystem::path& path,
                  const std::function<void(const std::filesystem::path&)>& write);

}  // namespace netsurf
