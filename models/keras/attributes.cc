#include "models/keras/attributes.h"

#include <cmath>

#include "engine/base/error.h"

namespace netsurf::keras {

std::string quote(std::string_view text) {
  constexpr size_t kLongest = 60;
  std::string out = "\"";
  for (char c : text.substr(0, kLongest)) out += c >= ' ' && c <= '~' && c != '"' ? c : '?';
  return out + (text.size() > kLongest ? "...\"" : "\"");
}

std::string shown(const Json& value) {
  if (value.is_string()) return quote(std::string_view(value.get_ref<const std::string&>()));
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list of " + std::to_string(value.size());
  return value.dump();
}

std::string shape_of(std::span<const int64_t> sizes) {
  if (sizes.empty()) return "scalar";
  std::string text;
  for (int64_t size : sizes) text += (text.empty() ? "" : "x") + std::to_string(size);
  return text;
}

Attributes::Attributes(const Json& object, std::string where) : object_(object), where_(std::move(where)) {
  if (!object.is_object())
    throw FormatError(where_ + ": config is " + shown(object) + ", expected an object");
}

void Attributes::fail(std::string_view attribute, const std::string& problem) const {
  throw FormatError(where_ + ": " + std::string(attribute) + " " + problem);
}

const Json* Attributes::find(std::string_view attribute) const {
  auto found = object_.find(attribute);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

const Json& Attributes::required(std::string_view attribute) const {
  const Json* value = find(attribute);
  if (value == nullptr) fail(attribute, "is missing");
  return *value;
}

int Attributes::whole(const Json& value, std::string_view attribute, int low, int high) const {
  bool is_whole = value.is_number_integer() ||
                  (value.is_number_float() && std::nearbyint(value.get<double>()) == value.get<double>());
  double number = value.is_number() ? value.get<double>() : 0;
  if (!is_whole || number < low || number > high) {
    fail(attribute, "is " + shown(value) + ", expected a whole number from " + std::to_string(low) + " to " +
                        std::to_string(high));
  }
  return static_cast<int>(number);
}

int Attributes::integer(std::string_view attribute, int low, int high, std::optional<int> fallback) const {
  if (fallback && find(attribute) == nullptr) return *fallback;
  return whole(required(attribute), attribute, low, high);
}

double Attributes::number(std::string_view attribute, std::optional<double> fallback) const {
  if (fallback && find(attribute) == nullptr) return *fallback;
  const Json& value = required(attribute);
  if (!value.is_number() || !std::isfinite(value.get<double>())) {
    fail(attribute, "is " + shown(value) + ", expected a number");
  }
  return value.get<double>();
}

bool Attributes::flag(std::string_view attribute, bool fallback) const {
  const Json* value = find(attribute);
  if (value == nullptr) return fallback;
  if (value->is_boolean()) return value->get<bool>();
  return whole(*value, attribute, 0, 1) == 1;
}

std::string Attributes::text(std::string_view attribute, std::optional<std::string> fallback) const {
  if (fallback && find(attribute) == nullptr) return *fallback;
  const Json& value = required(attribute);
  if (!value.is_string()) fail(attribute, "is " + shown(value) + ", expected a text");
  return value.get<std::string>();
}

std::vector<int> Attributes::numbers(std::string_view attribute, size_t count, int low, int high,
                                     std::optional<int> fallback) const {
  if (fallback && find(attribute) == nullptr) return std::vector<int>(count, *fallback);
  const Json& value = required(attribute);
  if (!value.is_array()) return std::vector<int>(count, whole(value, attribute, low, high));
  if (value.size() != count) {
    fail(attribute, "is " + shown(value) + ", expected " + std::to_string(count) + " numbers");
  }
  std::vector<int> numbers;
  for (const Json& each : value) numbers.push_back(whole(each, attribute, low, high));
  return numbers;
}

}  // namespace netsurf::keras
