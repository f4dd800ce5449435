#include "engine/base/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

#include "engine/base/error.h"

namespace netsurf {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail_to_write(const fs::path& path, int error) {
  std::string remedy = error == ENOSPC                       ? "; free some space and run again"
                       : (error == EACCES || error == EROFS) ? "; choose a folder you may write to"
                                                             : "";
  throw RunError("cannot write " + path.string() + ": " + std::strerror(error) + remedy);
}

/// Waits until the bytes are on the disk; a full disk may only be reported here.
void flush_to_disk(const fs::path& path) {
  int descriptor = ::open(path.c_str(), O_RDONLY);
  if (descriptor < 0) fail_to_write(path, errno);
  int result = ::fsync(descriptor);
  int error = errno;
  ::close(descriptor);
  if (result != 0 && error != EINVAL) fail_to_write(path, error);
}

}  // namespace

std::string read_file(const fs::path& path, uint64_t max_bytes) {
  std::error_code error;
  if (!fs::exists(path, error)) throw InputError("no such file: " + path.string());
  if (!fs::is_regular_file(path, error)) throw InputError(path.string() + " is not a regular file");
  uint64_t size = fs::file_size(path, error);
  if (error) throw RunError("cannot read " + path.string() + ": " + error.message());
  if (size > max_bytes) {
    throw FormatError(path.string() + ": " + std::to_string(size) + " bytes, expected at most " +
                      std::to_string(max_bytes));
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) throw RunError("cannot read " + path.string() + ": " + std::strerror(errno));
  std::string bytes(size, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(size));
  if (static_cast<uint64_t>(file.gcount()) != size) {
    throw RunError("cannot read " + path.string() + ": got " + std::to_string(file.gcount()) + " of " +
                   std::to_string(size) + " bytes");
  }
  return bytes;
}

void replace_file(const fs::path& path, const std::function<void(const fs::path&)>& write) {
  std::error_code error;
  if (fs::is_directory(path, error))
    throw InputError(path.string() + " is a folder; expected the name of a file");
  if (fs::exists(path, error) && !fs::is_regular_file(path, error))
    throw InputError(path.string() + " is not a regular file; expected the name of a file");
  error.clear();  // asking about a path that is not there yet leaves an error behind
  if (path.has_parent_path()) fs::create_directories(path.parent_path(), error);
  if (error) throw RunError("cannot make folder " + path.parent_path().string() + ": " + error.message());
  fs::path temporary = path;
  static std::atomic<int> count{0};  // two threads may replace the same file
  temporary += ".tmp-" + std::to_string(::getpid()) + "-" + std::to_string(count++);
  try {
    write(temporary);
    flush_to_disk(temporary);
    fs::rename(temporary, path, error);
    if (error)
      throw RunError("cannot rename " + temporary.string() + " to " + path.string() + ": " + error.message());
  } catch (...) {
    fs::remove(temporary, error);
    throw;
  }
}

void write_file(const fs::path& path, std::string_view bytes) {
  replace_file(path, [&](const fs::path& temporary) {
    errno = 0;
    std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    file.flush();
    if (!file) fail_to_write(path, errno != 0 ? errno : EIO);
  });
}

}  // namespace netsurf
