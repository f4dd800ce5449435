// A method's settings: the words that were given, checked once, and spelled in one way only.
#include <algorithm>
#include <charconv>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/rank/ranker.h"

namespace netsurf {
namespace {

using Kind = RankerOption::Kind;

/// Python's spelling of a switch, as the original's users write it.
std::string_view number_of_switch(std::string_view text) {
  if (text == "True" || text == "true") return "1";
  if (text == "False" || text == "false") return "0";
  return text;
}

std::string shortest(double number) {
  char buffer[32];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, number).ptr};
}

/// The one spelling of a value. Throws InputError unless it is one of the option's.
std::string canonical(std::string_view method, const RankerOption& option, std::string_view text) {
  std::string what = "method " + std::string(method) + ": " + std::string(option.name);
  if (option.kind == Kind::integer) {
    if (option.low == 0 && option.high == 1) text = number_of_switch(text);
    return std::to_string(
        parse_integer(text, what, static_cast<int64_t>(option.low), static_cast<int64_t>(option.high)));
  }
  if (option.kind == Kind::real) return shortest(parse_real(text, what, option.low, option.high));
  std::vector<std::string> words = split(option.words, " ");
  if (!words.empty() && std::find(words.begin(), words.end(), text) == words.end())
    throw InputError(unknown_word_message(what, text, words));
  return std::string(text);
}

}  // namespace

RankerSettings::RankerSettings(std::string_view method, std::span<const RankerOption> options,
                               const std::map<std::string, std::string>& given) {
  std::map<std::string, std::string, std::less<>> fallbacks;
  std::vector<std::string> names;
  for (const RankerOption& option : options) {
    names.emplace_back(option.name);
    auto found = given.find(names.back());
    fallbacks[names.back()] = canonical(method, option, option.fallback);
    values_[names.back()] =
        found == given.end() ? fallbacks[names.back()] : canonical(method, option, found->second);
  }
  for (const auto& [name, value] : given) {
    if (values_.contains(name)) continue;
    if (names.empty()) {
      throw InputError("method " + std::string(method) + " has no settings of its own; found " + name + "=" +
                       value + ", leave it out");
    }
    throw InputError(unknown_word_message("setting of method " + std::string(method), name, names));
  }
  for (const auto& [name, value] : values_) {
    if (value == fallbacks[name]) continue;
    if (!text_.empty()) text_ += ' ';
    text_.append(name).append("=").append(value);
  }
}

std::string_view RankerSettings::word(std::string_view name) const {
  auto found = values_.find(name);
  if (found == values_.end()) throw InputError("these settings have no " + std::string(name));
  return found->second;
}

int64_t RankerSettings::integer(std::string_view name) const {
  return parse_integer(word(name), name, INT64_MIN, INT64_MAX);
}

double RankerSettings::real(std::string_view name) const {
  std::string_view text = word(name);
  double number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace netsurf
