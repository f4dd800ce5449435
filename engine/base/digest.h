// SHA-256 through OpenSSL, with a writer that gives every field a length, so that no two different field
// lists can run together into the same bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace netsurf {

/// Incremental SHA-256. Fields are written with their byte length in front (64-bit little endian).
class Digest {
 public:
  Digest();
  ~Digest();
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;

  Digest& add(std::string_view field);
  Digest& add(int64_t number);
  Digest& add(std::span<const int32_t> numbers);
  Digest& add_bytes(std::span<const std::byte> bytes);

  /// 64 lower-case hex digits. May be called once.
  std::string hex();
  /// The first eight bytes of the hash, read as little endian. May be called once.
  uint64_t first_64_bits();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// SHA-256 of a whole file, streamed. Throws RunError if it cannot be read.
std::string sha256_of_file(const std::string& path);

}  // namespace netsurf
