#include "models/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

#include "engine/base/error.h"
#include "engine/base/file.h"

namespace netsurf {
namespace {

constexpr int kGzipOnly = 16 + MAX_WBITS;  // zlib's way to say: a gzip header, nothing else
constexpr uint64_t kFirstChunk = 1 << 16;

/// One zlib stream, freed on every way out.
class Inflater {
 public:
  explicit Inflater(std::string_view file) : file_(file) {
    if (inflateInit2(&stream_, kGzipOnly) != Z_OK) throw RunError(file_ + ": zlib could not start");
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  /// Inflates the member at the front of `bytes` behind the first `written` bytes of `out`, which keeps room
  /// to grow; returns how many bytes it took.
  uint64_t member(std::string_view bytes, std::string& out, uint64_t& written, uint64_t max_bytes) {
    inflateReset(&stream_);
    uint64_t read = 0;
    int status = Z_OK;
    while (status != Z_STREAM_END) {
      // One byte above the cap, so that a content of exactly max_bytes ends before the cap is noticed.
      if (written == out.size()) out.resize(std::min(std::max(kFirstChunk, 2 * written), max_bytes + 1));
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data() + read));
      stream_.avail_in = clamp_to_uint(bytes.size() - read);
      stream_.next_out = reinterpret_cast<Bytef*>(out.data() + written);
      stream_.avail_out = clamp_to_uint(out.size() - written);
      uInt in_before = stream_.avail_in, out_before = stream_.avail_out;
      status = inflate(&stream_, Z_NO_FLUSH);
      read += in_before - stream_.avail_in;
      written += out_before - stream_.avail_out;
      if (written > max_bytes) {
        throw FormatError(file_ + ": gzip content is larger than the " + std::to_string(max_bytes) +
                          " bytes allowed");
      }
      if (status == Z_BUF_ERROR || (status == Z_OK && read == bytes.size() && stream_.avail_out > 0)) {
        throw FormatError(file_ + ": gzip data end after " + std::to_string(bytes.size()) +
                          " bytes, in the middle of the content; the file is truncated");
      }
      if (status != Z_OK && status != Z_STREAM_END) {
        throw FormatError(file_ + ": byte " + std::to_string(read) + ": corrupt gzip data (" +
                          (stream_.msg ? stream_.msg : "zlib error " + std::to_string(status)) + ")");
      }
    }
    return read;
  }

 private:
  static uInt clamp_to_uint(uint64_t size) {
    return static_cast<uInt>(std::min<uint64_t>(size, std::numeric_limits<uInt>::max()));
  }

  std::string file_;
  z_stream stream_{};
};

}  // namespace

bool is_gzip(std::string_view bytes) { return bytes.substr(0, 2) == "\x1f\x8b"; }

std::string gunzip(std::string_view bytes, std::string_view file, uint64_t max_bytes) {
  if (!is_gzip(bytes)) throw FormatError(std::string(file) + ": byte 0: not gzip, expected the magic 1f 8b");
  std::string content;
  Inflater inflater(file);
  uint64_t offset = 0, written = 0;
  while (is_gzip(bytes.substr(offset)))
    offset += inflater.member(bytes.substr(offset), content, written, max_bytes);
  content.resize(written);
  // Tapes and some tools pad with zeros.
  if (bytes.find_first_not_of('\0', offset) != std::string_view::npos) {
    throw FormatError(std::string(file) + ": byte " + std::to_string(offset) + ": " +
                      std::to_string(bytes.size() - offset) + " bytes after the gzip content, expected none");
  }
  return content;
}

std::string read_plain_or_gzip(const std::filesystem::path& path, uint64_t max_bytes) {
  std::string bytes = read_file(path, max_bytes);
  if (is_gzip(bytes)) return gunzip(bytes, path.string(), max_bytes);
  return bytes;
}

}  // namespace netsurf
