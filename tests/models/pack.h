// Builders of the files that the parsers under test read.
#pragma once

#include <zip.h>
#include <zlib.h>

#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace netsurf {

/// One gzip member.
inline std::string gzip(std::string_view content) {
  z_stream stream{};
  if (deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::runtime_error("zlib");
  std::string packed(deflateBound(&stream, content.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

inline std::string big_endian(uint32_t number) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>((number >> shift) & 0xff);
  return bytes;
}

/// An IDX file of unsigned bytes.
inline std::string idx_file(const std::vector<uint32_t>& shape, std::string_view data) {
  std::string bytes = big_endian(0x800 + static_cast<uint32_t>(shape.size()));
  for (uint32_t size : shape) bytes += big_endian(size);
  return bytes + std::string(data);
}

/// An .npy file, version 1, around a header dictionary and raw bytes.
inline std::string npy_file(const std::string& dictionary, std::string_view data, int major = 1) {
  std::string header = dictionary + "\n";
  std::string bytes = std::string("\x93NUMPY") + static_cast<char>(major) + '\0';
  size_t length_bytes = major == 1 ? 2 : 4;
  for (size_t i = 0; i < length_bytes; ++i) bytes += static_cast<char>((header.size() >> (8 * i)) & 0xff);
  return bytes + header + std::string(data);
}

/// As numpy.save writes a C-order array; `descr` e.g. "<f4", `shape` e.g. "(2, 3)".
template <typename T>
std::string npy_array(const std::string& descr, const std::string& shape, const std::vector<T>& values) {
  std::string data(values.size() * sizeof(T), '\0');
  if (!values.empty()) std::memcpy(data.data(), values.data(), data.size());
  return npy_file("{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + shape + ", }", data);
}

/// A zip archive of named members, deflated, at `path`.
inline void write_zip(const std::filesystem::path& path,
                      const std::vector<std::pair<std::string, std::string>>& members) {
  zip_t* archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, nullptr);
  if (archive == nullptr) throw std::runtime_error("libzip");
  for (const auto& [name, content] : members) {
    zip_source_t* source = zip_source_buffer(archive, content.data(), content.size(), 0);
    if (zip_file_add(archive, name.c_str(), source, 0) < 0) throw std::runtime_error("libzip");
  }
  if (zip_close(archive) != 0) throw std::runtime_error("libzip");
}

}  // namespace netsurf
