#include "models/keras/quantizer_spec.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <span>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace netsurf::keras {
namespace {

// Positional arguments come in this order; the last ones of quantized_bits exist in newer releases only.
constexpr std::string_view kBits[] = {"bits",
                                      "integer",
                                      "symmetric",
                                      "keep_negative",
                                      "alpha",
                                      "use_stochastic_rounding",
                                      "scale_axis",
                                      "qnoise_factor",
                                      "var_name",
                                      "use_ste",
                                      "use_variables",
                                      "elements_per_scale",
                                      "min_po2_exponent",
                                      "max_po2_exponent",
                                      "post_training_scale"};
constexpr std::string_view kLinear[] = {
    "bits",       "integer",       "symmetric", "keep_negative", "alpha", "use_stochastic_rounding",
    "scale_axis", "qnoise_factor", "var_name",  "use_variables"};
constexpr std::string_view kRelu[] = {"bits",
                                      "integer",
                                      "use_sigmoid",
                                      "negative_slope",
                                      "use_stochastic_rounding",
                                      "relu_upper_bound",
                                      "is_quantized_clip",
                                      "qnoise_factor",
                                      "var_name",
                                      "use_ste",
                                      "use_variables"};
constexpr std::string_view kTanh[] = {"bits", "use_stochastic_rounding", "symmetric", "use_real_tanh"};
constexpr std::string_view kSigmoid[] = {"bits", "symmetric", "use_real_sigmoid", "use_stochastic_rounding"};
constexpr std::string_view kTernary[] = {"alpha", "threshold", "use_stochastic_rounding",
                                         "number_of_unrolls"};
constexpr std::string_view kBinary[] = {
    "use_01",           "alpha",           "use_stochastic_rounding", "scale_axis", "elements_per_scale",
    "min_po2_exponent", "max_po2_exponent"};

struct Signature {
  std::string_view name;
  std::span<const std::string_view> arguments;
};

constexpr Signature kSignatures[] = {
    {"quantized_bits", kBits}, {"quantized_linear", kLinear},   {"quantized_relu", kRelu},
    {"quantized_tanh", kTanh}, {"quantized_sigmoid", kSigmoid}, {"ternary", kTernary},
    {"binary", kBinary}};

std::span<const std::string_view> arguments_of(std::string_view name) {
  for (const Signature& each : kSignatures) {
    if (each.name == name) return each.arguments;
  }
  return {};
}

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
  });
}

/// False when `text` is no literal of Python's.
bool read_literal(std::string_view text, Literal& literal) {
  if (text == "None") {
    literal = std::monostate{};
  } else if (text == "True" || text == "False") {
    literal = text == "True";
  } else if (text.size() >= 2 && (text[0] == '\'' || text[0] == '"') && text.back() == text[0]) {
    literal = std::string(text.substr(1, text.size() - 2));
  } else {
    if (text.starts_with('+')) text.remove_prefix(1);
    double number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(number)) return false;
    literal = number;
  }
  return true;
}

}  // namespace

QuantizerSpec QuantizerSpec::read(const Json& json, const std::string& where) {
  QuantizerSpec spec;
  spec.where_ = where;
  if (json.is_string()) {
    spec.read_call(json.get_ref<const std::string&>());
  } else if (json.is_object()) {
    spec.read_object(json);
  } else {
    throw FormatError(where + " is " + shown(json) + ", expected a quantizer");
  }
  spec.check_arguments();
  return spec;
}

void QuantizerSpec::read_call(std::string_view text) {
  auto refuse = [&](const std::string& problem) {
    throw FormatError(where_ + " is " + quote(text) + ": " + problem +
                      ", expected name(value, argument=value)");
  };
  size_t open = text.find('(');
  name_ = trim(text.substr(0, open));
  if (!is_name(name_)) refuse("no name");
  if (open == std::string_view::npos) return;
  std::string_view inside = trim(text.substr(open + 1));
  if (!inside.ends_with(')')) refuse("no closing parenthesis");
  inside = trim(inside.substr(0, inside.size() - 1));
  std::span<const std::string_view> names = arguments_of(name_);
  bool named = false;
  for (size_t position = 0; !inside.empty(); ++position) {
    size_t comma = inside.find(',');
    std::string_view piece = trim(inside.substr(0, comma));
    inside = comma == std::string_view::npos ? std::string_view() : trim(inside.substr(comma + 1));
    size_t equals = piece.find('=');
    named = named || equals != std::string_view::npos;
    std::string argument;
    if (equals != std::string_view::npos) {
      argument = trim(piece.substr(0, equals));
      piece = trim(piece.substr(equals + 1));
    } else if (named || (position >= names.size() && !names.empty())) {
      refuse("argument " + std::to_string(position + 1) + " is not known");
    } else {
      // Of a quantizer that is refused anyway, arguments need no names.
      argument = names.empty() ? std::to_string(position) : std::string(names[position]);
    }
    Literal literal;
    if (!is_name(argument) || !read_literal(piece, literal)) refuse(quote(piece) + " is no value");
    if (!arguments_.emplace(argument, literal).second) refuse(quote(argument) + " is given twice");
  }
}

void QuantizerSpec::read_object(const Json& json) {
  Attributes outer(json, where_);
  name_ = outer.text("class_name");
  // Registered classes are written as "package>name".
  name_ = name_.substr(name_.rfind('>') + 1);
  const Json* config = outer.find("config");
  if (name_ == "function") {
    name_ = outer.text("config");
    return;
  }
  if (config == nullptr) return;
  if (!config->is_object()) outer.fail("config", "is " + shown(*config) + ", expected an object");
  for (const auto& [key, value] : config->items()) {
    if (value.is_null()) continue;
    if (value.is_boolean()) {
      arguments_[key] = value.get<bool>();
    } else if (value.is_number()) {
      arguments_[key] = value.get<double>();
    } else if (value.is_string()) {
      arguments_[key] = value.get<std::string>();
    } else {
      fail(key, "is " + shown(value) +
                    "; NetSurf takes plain numbers, flags and texts (one scale for all channels)");
    }
  }
}

void QuantizerSpec::check_arguments() const {
  std::span<const std::string_view> known = arguments_of(name_);
  if (known.empty()) return;
  for (const auto& [argument, value] : arguments_) {
    if (argument == "name" || argument == "dtype" || argument == "trainable") continue;
    if (std::find(known.begin(), known.end(), argument) == known.end())
      fail(argument, "is not known to NetSurf");
  }
  if (number("qnoise_factor", 1) != 1) {
    fail("qnoise_factor", "is " + std::to_string(number("qnoise_factor", 1)) +
                              ": the layer passes unquantized values on; set it to 1 before saving");
  }
}

void QuantizerSpec::fail(std::string_view argument, const std::string& problem) const {
  throw FormatError(where_ + ": " + name_ + ": " + std::string(argument) + " " + problem);
}

const Literal* QuantizerSpec::find(std::string_view argument) const {
  auto found = arguments_.find(argument);
  return found == arguments_.end() || std::holds_alternative<std::monostate>(found->second) ? nullptr
                                                                                            : &found->second;
}

double QuantizerSpec::number(std::string_view argument, double fallback) const {
  const Literal* value = find(argument);
  if (value == nullptr) return fallback;
  if (const bool* flag = std::get_if<bool>(value)) return *flag ? 1 : 0;
  if (const double* number = std::get_if<double>(value)) return *number;
  fail(argument, "is " + quote(std::get<std::string>(*value)) + ", expected a number");
}

int QuantizerSpec::integer(std::string_view argument, int fallback, int low, int high) const {
  double value = number(argument, fallback);
  if (std::nearbyint(value) != value || value < low || value > high) {
    fail(argument, "is " + std::to_string(value) + ", expected a whole number from " + std::to_string(low) +
                       " to " + std::to_string(high));
  }
  return static_cast<int>(value);
}

bool QuantizerSpec::flag(std::string_view argument, bool fallback) const {
  return integer(argument, fallback ? 1 : 0, 0, 1) == 1;
}

}  // namespace netsurf::keras
