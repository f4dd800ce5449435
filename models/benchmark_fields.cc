#include "models/benchmark_fields.h"

#include <algorithm>
#include <cctype>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace netsurf {
namespace {

constexpr int kMaxWindow = 1024;
constexpr int kMaxAxis = 1 << 20;
constexpr int64_t kMaxElements = int64_t{1} << 28;
constexpr size_t kMaxWord = 64;

std::string quoted(const std::string& value) { return "\"" + shortened(value) + "\""; }

}  // namespace

std::string shortened(const std::string& word) {
  return word.size() <= kMaxWord ? word : word.substr(0, kMaxWord) + "...";
}

void Field::refuse(const std::string& why) const {
  throw InputError(file + ":" + std::to_string(line) + ": field \"" + shortened(key) + "\": " + why);
}

void Field::refuse_found(const std::string& found, const std::string& expected) const {
  refuse("found " + found + ", expected " + expected);
}

int Field::integer(int low, int high) const {
  try {
    return static_cast<int>(parse_integer(value, key, low, high));
  } catch (const InputError&) {
    refuse_found(quoted(value), "a whole number from " + std::to_string(low) + " to " + std::to_string(high));
  }
}

double Field::real(double low, double high) const {
  try {
    return parse_real(value, key, low, high);
  } catch (const InputError&) {
    char range[64];
    std::snprintf(range, sizeof range, "a number from %g to %g", low, high);
    refuse_found(quoted(value), range);
  }
}

double Field::fraction() const {
  size_t slash = value.find('/');
  double number = 0;
  try {
    number = parse_real(value.substr(0, slash), key, -1e9, 1e9);
    if (slash != std::string::npos) number /= parse_real(value.substr(slash + 1), key, 1e-9, 1e9);
  } catch (const InputError&) {
    number = 0;
  }
  if (number == 0) refuse_found(quoted(value), "a number other than 0, such as 0.5 or 1/256");
  return number;
}

std::pair<int, int> Field::pair() const {
  std::vector<std::string> sizes = split(value, "x");
  try {
    if (sizes.size() == 1) sizes.push_back(sizes[0]);
    if (sizes.size() != 2) throw InputError(value);
    return {static_cast<int>(parse_integer(sizes[0], key, 1, kMaxWindow)),
            static_cast<int>(parse_integer(sizes[1], key, 1, kMaxWindow))};
  } catch (const InputError&) {
    refuse_found(quoted(value), "height x width such as 3x3 (or one number for both), each 1 to " +
                                    std::to_string(kMaxWindow));
  }
}

Shape Field::shape() const {
  Shape sizes;
  try {
    for (const std::string& size : split(value, "x"))
      sizes.push_back(static_cast<int>(parse_integer(size, key, 1, kMaxAxis)));
  } catch (const InputError&) {
    sizes.clear();
  }
  if (sizes.empty() || sizes.size() > 3 || num_elements(sizes) > kMaxElements) {
    refuse_found(quoted(value), "one to three sizes such as 784 or 28x28x1, 2^28 elements at most");
  }
  return sizes;
}

Format Field::format(int max_bits) const {
  Format format;
  try {
    format = Format::parse(value);
  } catch (const InputError& error) {
    refuse(error.what());
  }
  if (format.bits > max_bits) refuse_found(quoted(value), "at most " + std::to_string(max_bits) + " bits");
  return format;
}

std::string Field::word() const {
  bool plain = !value.empty() && value.size() <= kMaxWord &&
               std::all_of(value.begin(), value.end(),
                           [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-'; });
  if (!plain)
    refuse_found(quoted(value),
                 "a word of letters, digits, _ and -, " + std::to_string(kMaxWord) + " at most");
  return value;
}

bool Field::yes_or_no() const {
  if (value != "yes" && value != "no") refuse_found(quoted(value), "yes or no");
  return value == "yes";
}

size_t Field::choice(std::span<const std::string_view> words) const {
  auto found = std::find(words.begin(), words.end(), value);
  if (found != words.end()) return static_cast<size_t>(found - words.begin());
  refuse(unknown_word_message(key == "layer" ? "layer kind" : key, shortened(value),
                              std::vector<std::string>(words.begin(), words.end())));
}

}  // namespace netsurf
