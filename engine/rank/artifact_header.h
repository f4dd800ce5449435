// The header.json of a stored archive: which kind of artifact it is, in which version, and typed access to
// its fields.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace netsurf {

inline constexpr uint64_t kMaxHeaderBytes = 1 << 20;

/// Reads a header of unknown origin. Everything throws FormatError, beginning with `name`.
class ArtifactHeader {
 public:
  /// Checks that `text` is a JSON object of "netsurf <kind>" in a version up to `version`. `name` must
  /// outlive the header.
  ArtifactHeader(const std::string& text, std::string_view kind, uint64_t version, std::string_view name);

  std::string string(const char* key) const;
  /// Empty where the field is missing: files made before it existed.
  std::string string_if_there(const char* key) const { return json_.contains(key) ? string(key) : ""; }
  uint64_t number(const char* key) const;  // whole, 0 or more
  double real(const char* key) const;
  bool flag(const char* key) const;
  [[noreturn]] void refuse(const std::string& what) const;

 private:
  const nlohmann::json& field(const char* key, bool (nlohmann::json::*is_kind)() const,
                              std::string_view expected) const;

  std::string_view name_;
  nlohmann::json json_;
};

/// The text of a header. Throws InputError when a text in it is not UTF-8.
std::string header_text(const nlohmann::json& header);

}  // namespace netsurf
