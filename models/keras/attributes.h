// Typed access to the attributes of a JSON object from a file: a wrong type or range is one line naming where
// it is.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace netsurf::keras {

using Json = nlohmann::json;

/// Text from a file as it may stand in a message: in double quotes, at most 60 characters, unprintable ones
/// as "?".
std::string quote(std::string_view text);
/// A JSON value as it may stand in a message, shortened.
std::string shown(const Json& value);
/// "3x3x1x8"; "scalar" for no sizes.
std::string shape_of(std::span<const int64_t> sizes);

class Attributes {
 public:
  /// `where` starts every message, "layer "fc1" (QDense)"; `object` must outlive this.
  Attributes(const Json& object, std::string where);

  const std::string& where() const { return where_; }
  [[noreturn]] void fail(std::string_view attribute, const std::string& problem) const;
  /// The value, or nullptr when it is missing or null.
  const Json* find(std::string_view attribute) const;

  /// A whole number in [low, high]. Without a fallback the attribute is required. The same below.
  int integer(std::string_view attribute, int low, int high, std::optional<int> fallback = {}) const;
  double number(std::string_view attribute, std::optional<double> fallback = {}) const;
  bool flag(std::string_view attribute, bool fallback) const;
  std::string text(std::string_view attribute, std::optional<std::string> fallback = {}) const;
  /// `count` whole numbers in [low, high], written as a list or as one number for all.
  std::vector<int> numbers(std::string_view attribute, size_t count, int low, int high,
                           std::optional<int> fallback = {}) const;

 private:
  const Json& required(std::string_view attribute) const;
  int whole(const Json& value, std::string_view attribute, int low, int high) const;

  const Json& object_;
  std::string where_;
};

}  // namespace netsurf::keras
