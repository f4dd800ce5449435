#include "models/onnx_property.h"

#include <nlohmann/json.hpp>

#include "engine/base/error.h"

namespace netsurf {
namespace {

using Json = nlohmann::json;

constexpr int kVersion = 1;
constexpr std::string_view kHexDigits = "0123456789abcdef";

std::string to_hex(const std::vector<uint8_t>& bytes) {
  std::string text;
  text.reserve(2 * bytes.size());
  for (uint8_t byte : bytes) {
    text += kHexDigits[byte >> 4];
    text += kHexDigits[byte & 15];
  }
  return text;
}

/// Reads one property; every refusal names the file and the field.
class PropertyReader {
 public:
  PropertyReader(const Json& object, const std::string& file) : object_(object), file_(file) {}

  [[noreturn]] void refuse(const std::string& why) const {
    throw FormatError(file_ + ": the \"" + std::string(kOnnxPropertyKey) + "\" metadata property " + why);
  }

  const Json* find(const char* key, Json::value_t type) const {
    auto found = object_.find(key);
    if (found == object_.end()) return nullptr;
    if (found->type() != type) refuse(std::string("has a ") + found->type_name() + " in \"" + key + "\"");
    return &*found;
  }

  std::map<std::string, std::string> strings(const char* key) const {
    std::map<std::string, std::string> result;
    const Json* found = find(key, Json::value_t::object);
    if (found == nullptr) return result;
    for (const auto& [name, value] : found->items()) {
      if (!value.is_string())
        refuse(std::string("has a ") + value.type_name() + " in \"" + key + "\", expected strings");
      result[name] = value.get<std::string>();
    }
    return result;
  }

  std::vector<uint8_t> bytes(const std::string& hex) const {
    if (hex.size() % 2 != 0)
      refuse("has a prune mask of " + std::to_string(hex.size()) + " hex digits, expected an even number");
    std::vector<uint8_t> result(hex.size() / 2);
    for (size_t i = 0; i < hex.size(); ++i) {
      size_t digit = kHexDigits.find(hex[i]);
      if (digit == std::string_view::npos) refuse("has a prune mask that is not lower-case hex");
      result[i / 2] = static_cast<uint8_t>(result[i / 2] * 16 + digit);
    }
    return result;
  }

 private:
  const Json& object_;
  const std::string& file_;
};

}  // namespace

std::vector<uint8_t> pack_flags(const std::vector<uint8_t>& flags) {
  std::vector<uint8_t> packed((flags.size() + 7) / 8, 0);
  for (size_t i = 0; i < flags.size(); ++i) {
    if (flags[i] != 0) packed[i / 8] = static_cast<uint8_t>(packed[i / 8] | (1 << (i % 8)));
  }
  return packed;
}

std::vector<uint8_t> unpack_flags(const std::vector<uint8_t>& packed, size_t count) {
  std::vector<uint8_t> flags(count);
  for (size_t i = 0; i < count; ++i) flags[i] = (packed[i / 8] >> (i % 8)) & 1;
  return flags;
}

bool is_utf8(const std::string& text) {
  try {
    return !Json(text).dump().empty();
  } catch (const Json::exception&) {
    return false;
  }
}

std::string property_text(const OnnxProperty& property) {
  Json object = {{"version", kVersion}, {"digest", property.digest}};
  if (property.name.has_value()) object["name"] = *property.name;
  if (!property.notes.empty()) object["notes"] = property.notes;
  if (!property.names.empty()) object["names"] = property.names;
  if (!property.one_bit.empty()) object["one_bit"] = property.one_bit;
  for (const auto& [initializer, packed] : property.pruned) object["pruned"][initializer] = to_hex(packed);
  try {
    return object.dump();
  } catch (const Json::exception&) {
    throw InputError("the model cannot be saved: one of its notes is not UTF-8 text");
  }
}

OnnxProperty parse_property(std::string_view text, const std::string& file) {
  Json object = Json::parse(text, nullptr, false);
  PropertyReader reader(object, file);
  if (!object.is_object()) reader.refuse("is not a JSON object");
  const Json* version = reader.find("version", Json::value_t::number_unsigned);
  if (version == nullptr) reader.refuse("has no version");
  if (*version != kVersion) {
    reader.refuse("has version " + version->dump() + ", this program reads " + std::to_string(kVersion) +
                  "; use a newer NetSurf");
  }
  OnnxProperty property;
  if (const Json* digest = reader.find("digest", Json::value_t::string)) property.digest = *digest;
  if (const Json* name = reader.find("name", Json::value_t::string)) property.name = name->get<std::string>();
  property.notes = reader.strings("notes");
  property.names = reader.strings("names");
  for (const auto& [initializer, hex] : reader.strings("pruned"))
    property.pruned[initializer] = reader.bytes(hex);
  if (const Json* outputs = reader.find("one_bit", Json::value_t::array)) {
    for (const Json& output : *outputs) {
      if (!output.is_string())
        reader.refuse("has a " + std::string(output.type_name()) + " in \"one_bit\", expected strings");
      property.one_bit.insert(output.get<std::string>());
    }
  }
  return property;
}

}  // namespace netsurf
