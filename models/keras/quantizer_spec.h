// A QKeras quantizer or an activation, as a file spells it: an object, or a Python call such as
// "quantized_bits(6, 0, alpha=1)", or a bare name.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>

#include "models/keras/attributes.h"

namespace netsurf::keras {

/// None, a flag, a number, or a text.
using Literal = std::variant<std::monostate, bool, double, std::string>;

class QuantizerSpec {
 public:
  /// Reads any of the spellings; `where` starts every message, "layer "fc1" (QDense): kernel_quantizer".
  /// Throws FormatError for a spelling QKeras does not write, an unknown argument of a known quantizer, and a
  /// qnoise_factor other than 1.
  static QuantizerSpec read(const Json& json, const std::string& where);

  const std::string& name() const { return name_; }
  const std::string& where() const { return where_; }
  /// "<where>: quantized_bits: <argument> <problem>"
  [[noreturn]] void fail(std::string_view argument, const std::string& problem) const;

  /// The argument, or nullptr when it is missing or None.
  const Literal* find(std::string_view argument) const;
  int integer(std::string_view argument, int fallback, int low, int high) const;
  double number(std::string_view argument, double fallback) const;
  bool flag(std::string_view argument, bool fallback) const;
  /// Without any arguments: "relu".
  bool is_bare() const { return arguments_.empty(); }

 private:
  void read_call(std::string_view text);
  void read_object(const Json& json);
  void check_arguments() const;

  std::string name_, where_;
  std::map<std::string, Literal, std::less<>> arguments_;
};

}  // namespace netsurf::keras
