#include "engine/rank/artifact_header.h"

#include "engine/base/error.h"

namespace netsurf {

using Json = nlohmann::json;

ArtifactHeader::ArtifactHeader(const std::string& text, std::string_view kind, uint64_t version,
                               std::string_view name)
    : name_(name) {
  json_ = Json::parse(text, nullptr, false);
  if (!json_.is_object()) refuse("header.json is not a JSON object");
  std::string expected = "netsurf " + std::string(kind), found = string("kind");
  if (found != expected) refuse("header.json says kind \"" + found + "\"; expected \"" + expected + "\"");
  uint64_t stored = number("version");
  std::string version_text = std::string(kind) + " version " + std::to_string(stored);
  if (stored > version) {
    refuse(version_text + ", this program reads up to " + std::to_string(version) +
           "; use a newer netsurf or make the file again");
  }
  if (stored != version) refuse(version_text + " does not exist");
}

const Json& ArtifactHeader::field(const char* key, bool (Json::*is_kind)() const,
                                  std::string_view expected) const {
  auto found = json_.find(key);
  if (found == json_.end() || !((*found).*is_kind)()) {
    refuse("header.json: field \"" + std::string(key) + "\" is missing or of another kind; expected " +
           std::string(expected));
  }
  return *found;
}

std::string ArtifactHeader::string(const char* key) const {
  return field(key, &Json::is_string, "a text").get<std::string>();
}
uint64_t ArtifactHeader::number(const char* key) const {
  return field(key, &Json::is_number_unsigned, "a whole number, 0 or more").get<uint64_t>();
}
double ArtifactHeader::real(const char* key) const {
  return field(key, &Json::is_number, "a number").get<double>();
}
bool ArtifactHeader::flag(const char* key) const {
  return field(key, &Json::is_boolean, "true or false").get<bool>();
}

void ArtifactHeader::refuse(const std::string& what) const {
  throw FormatError(std::string(name_) + ": " + what);
}

std::string header_text(const Json& header) {
  try {
    return header.dump(1) + "\n";
  } catch (const Json::exception&) {
    throw InputError("the suffix or another text of this file is not UTF-8; use plain text");
  }
}

}  // namespace netsurf
