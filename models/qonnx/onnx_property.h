// The `netsurf` metadata property: what a saved model knows and QONNX has no place for. One JSON object,
// described in docs/model-file.md. Structure and weights are never in it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/format.h"

namespace netsurf {

inline constexpr std::string_view kOnnxPropertyKey = "netsurf";

/// What a plain initializer does not say of the constant parameter it holds.
struct ConstantEntry {
  Format format;
  int32_t zero_point = 0;
  bool bipolar = false;
};

struct OnnxProperty {
  std::string digest;               // of the model when it was saved; for people and scripts, not read back
  std::optional<std::string> name;  // the model's, where the graph's name cannot be it
  std::map<std::string, std::string> notes;  // Model::notes()
  std::map<std::string, std::string>
      names;  // tensor -> layer or parameter it holds, where the tensor is called otherwise
  std::map<std::string, std::vector<uint8_t>>
      pruned;  // initializer -> 8 flags a byte, lowest bit first, in its own order
  std::map<std::string, ConstantEntry> constants;  // initializer without a Quant -> how its codes are stored
  std::map<std::string, Format> formats;           // output of a MultiThreshold -> the layer's format
  std::set<std::string> one_bit;  // outputs of Quant nodes of two signed bits whose codes, 0 and -1, have one
  std::set<std::string> ranges;   // outputs of Quant nodes behind a Clip to [-1, 1] that is their range
  std::set<std::string> wraps;    // outputs of Quant nodes that keep the low bits instead of saturating
};

/// Packs one flag per element into the bytes of OnnxProperty::pruned.
std::vector<uint8_t> pack_flags(const std::vector<uint8_t>& flags);
/// The first `count` flags of packed bytes, one per element. REQUIRES: packed.size() == (count + 7) / 8.
std::vector<uint8_t> unpack_flags(const std::vector<uint8_t>& packed, size_t count);

/// Whether protobuf and JSON may carry it as text.
bool is_utf8(const std::string& text);

/// Throws InputError when a note is not UTF-8.
std::string property_text(const OnnxProperty& property);
/// Throws FormatError beginning with `file` for text that is not such an object, or of a newer version.
OnnxProperty parse_property(std::string_view text, const std::string& file);

}  // namespace netsurf
