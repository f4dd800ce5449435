#include "models/qonnx/onnx_property.h"

#include <nlohmann/json.hpp>

#include "engine/base/error.h"

namespace netsurf {
namespace {

using Json = nlohmann::json;

constexpr int kVersion = 2;  // 1 knew no constants, formats, ranges and wraps; else it is the same
constexpr int kMaxFracBits = 62;
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

Json format_json(const Format& format) {
  return {{"bits", format.bits}, {"fraction_bits", format.frac_bits()}, {"signed", format.is_signed}};
}

Json constant_json(const ConstantEntry& entry) {
  Json object = format_json(entry.format);
  if (entry.zero_point != 0) object["zero_point"] = entry.zero_point;
  if (entry.bipolar) object["bipolar"] = true;
  return object;
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

  std::set<std::string> names(const char* key) const {
    std::set<std::string> result;
    const Json* found = find(key, Json::value_t::array);
    if (found == nullptr) return result;
    for (const Json& name : *found) {
      if (!name.is_string())
        refuse(std::string("has a ") + name.type_name() + " in \"" + key + "\", expected strings");
      result.insert(name.get<std::string>());
    }
    return result;
  }

  /// Reads every value of the object under `key`, itself an object, with `read`.
  template <typename Value, typename Read>
  std::map<std::string, Value> objects(const char* key, Read read) const {
    std::map<std::string, Value> result;
    const Json* found = find(key, Json::value_t::object);
    if (found == nullptr) return result;
    for (const auto& [name, value] : found->items()) {
      if (!value.is_object())
        refuse(std::string("has a ") + value.type_name() + " in \"" + key + "\", expected objects");
      result[name] = read(value);
    }
    return result;
  }

  /// A whole number of `entry`, 0 where it is absent.
  int32_t integer(const Json& entry, const char* key, int64_t low, int64_t high) const {
    auto found = entry.find(key);
    if (found == entry.end()) return 0;
    if (found->is_number_integer() && found->get<int64_t>() >= low && found->get<int64_t>() <= high)
      return static_cast<int32_t>(found->get<int64_t>());
    refuse(std::string("has ") + found->dump() + " in \"" + key + "\", expected " + std::to_string(low) +
           " to " + std::to_string(high));
  }

  bool flag(const Json& entry, const char* key) const {
    auto found = entry.find(key);
    if (found == entry.end()) return false;
    if (!found->is_boolean())
      refuse(std::string("has a ") + found->type_name() + " in \"" + key + "\", expected true or false");
    return found->get<bool>();
  }

  Format format(const Json& entry) const {
    Format format{integer(entry, "bits", 1, kMaxParameterBits), 0, flag(entry, "signed")};
    if (format.bits == 0) refuse("has a format without \"bits\"");
    int frac_bits = integer(entry, "fraction_bits", -kMaxFracBits, kMaxFracBits);
    format.integer_bits = format.bits - (format.is_signed ? 1 : 0) - frac_bits;
    return format;
  }

  ConstantEntry constant(const Json& entry) const {
    return {format(entry), integer(entry, "zero_point", INT32_MIN, INT32_MAX), flag(entry, "bipolar")};
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
  if (!property.ranges.empty()) object["ranges"] = property.ranges;
  if (!property.wraps.empty()) object["wraps"] = property.wraps;
  for (const auto& [initializer, entry] : property.constants)
    object["constants"][initializer] = constant_json(entry);
  for (const auto& [output, format] : property.formats) object["formats"][output] = format_json(format);
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
  if (*version < 1 || *version > kVersion) {
    reader.refuse("has version " + version->dump() + ", this program reads 1 to " + std::to_string(kVersion) +
                  "; use a newer NetSurf");
  }
  OnnxProperty property;
  if (const Json* digest = reader.find("digest", Json::value_t::string)) property.digest = *digest;
  if (const Json* name = reader.find("name", Json::value_t::string)) property.name = name->get<std::string>();
  property.notes = reader.strings("notes");
  property.names = reader.strings("names");
  for (const auto& [initializer, hex] : reader.strings("pruned"))
    property.pruned[initializer] = reader.bytes(hex);
  property.constants =
      reader.objects<ConstantEntry>("constants", [&](const Json& entry) { return reader.constant(entry); });
  property.formats =
      reader.objects<Format>("formats", [&](const Json& entry) { return reader.format(entry); });
  property.one_bit = reader.names("one_bit");
  property.ranges = reader.names("ranges");
  property.wraps = reader.names("wraps");
  return property;
}

}  // namespace netsurf
