// Stored (uncompressed) .npz archives in memory: what numpy.savez writes and numpy.load reads. Uncompressed
// on purpose: no member can claim more bytes than the file has.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace netsurf {

/// The .npy preamble of a one-dimensional array: `descr` is numpy's type text, e.g. "<u4". Its size is a
/// multiple of 64.
std::string npy_head(std::string_view descr, uint64_t count);

/// One member of an archive: `head` followed by `body`.
struct NpzMember {
  std::string_view name;
  std::string_view head;
  std::span<const std::byte> body;
};

/// The archive's bytes. Member times are fixed, so equal members give equal bytes. Throws RunError when
/// memory runs out.
std::string write_npz(std::span<const NpzMember> members);

/// Reads members of an archive of unknown origin. Everything throws FormatError, beginning with `name`.
class NpzReader {
 public:
  /// `bytes` and `name` must outlive the reader.
  NpzReader(std::string_view bytes, std::string_view name);
  ~NpzReader();
  NpzReader(const NpzReader&) = delete;
  NpzReader& operator=(const NpzReader&) = delete;

  /// A whole member of at most `max_bytes`.
  std::string text(const char* member, uint64_t max_bytes) const;

  /// A one-dimensional .npy array of exactly `count` elements of type `descr`; T is its element type.
  template <typename T>
  void array(const char* member, std::string_view descr, uint64_t count, std::vector<T>& values) const {
    uint64_t head_size = check_array(member, descr, count, sizeof(T));
    values.resize(count);
    read_from(member, head_size, std::as_writable_bytes(std::span(values)));
  }

 private:
  struct State;
  [[noreturn]] void refuse(const std::string& what) const;
  uint64_t find(const char* member, uint64_t& size) const;
  uint64_t check_array(const char* member, std::string_view descr, uint64_t count,
                       uint64_t element_size) const;
  void read_from(const char* member, uint64_t skip, std::span<std::byte> target) const;

  std::string_view name_;
  std::unique_ptr<State> state_;
};

}  // namespace netsurf
