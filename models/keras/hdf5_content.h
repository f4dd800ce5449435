// What an HDF5 file holds, as plain values: no handles, no library. Made by the reading child process,
// unpacked by the parent.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace netsurf::keras {

/// An array of numbers; float64 and integers are rounded to float32.
struct StoredTensor {
  std::vector<int64_t> sizes;  // none for a scalar
  std::vector<float> values;   // C order
};

/// Paths are joined with "/", without one at the start; the root group is "".
struct Hdf5Content {
  // Per group: its attributes that are text, an array of texts, or empty.
  std::map<std::string, std::map<std::string, std::vector<std::string>>> groups;
  std::map<std::string, StoredTensor> tensors;

  /// The texts of an attribute, or nullptr. An attribute too large for one HDF5 message is split by Keras
  /// into name0, name1, ...; `storage` holds the joined list.
  const std::vector<std::string>* texts(const std::string& group, const std::string& name,
                                        std::vector<std::string>& storage) const;
};

/// Bytes for a pipe between two processes of this program.
std::string pack(const Hdf5Content& content);
/// Throws FormatError when the bytes are not what pack() writes; sizes are checked before anything is
/// allocated.
Hdf5Content unpack(std::string_view bytes);

}  // namespace netsurf::keras
