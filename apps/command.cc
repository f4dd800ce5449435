#include "apps/command.h"

#include <algorithm>
#include <cctype>
#include <cxxopts.hpp>
#include <sstream>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace netsurf {
namespace {

// Joins the values of one occurrence of a list on its way through cxxopts; no flag value holds it.
constexpr char kUnitSeparator = '\x1f';
constexpr std::string_view kPositional = "positional";

/// Whether a word opens an option: "--x" or "-x", but not a number such as "-1".
bool opens_option(std::string_view word) {
  return word.size() > 1 && word[0] == '-' &&
         (word[1] == '-' || std::isalpha(static_cast<unsigned char>(word[1])) != 0);
}

/// "--until-halfwidth" and "--until_halfwidth" are the same option.
std::string with_underscores(std::string_view name) {
  std::string text(name);
  std::replace(text.begin(), text.end(), '-', '_');
  return text;
}

const Option& find_option(std::span<const Option> options, std::string_view command, std::string_view word) {
  std::string name = with_underscores(word.substr(word.find_first_not_of('-')));
  std::vector<std::string> names;
  for (const Option& option : options) {
    if (option.name == name) return option;
    for (const std::string& alias : split(option.aliases, " ")) {
      if (with_underscores(alias) == name) return option;
    }
    names.emplace_back(option.name);
  }
  std::string nearest = nearest_word(name, names);
  throw InputError("unknown option " + std::string(word) +
                   (nearest.empty() ? "" : "; did you mean --" + nearest + "?") + " (see: netsurf " +
                   std::string(command) + " --help)");
}

/// Words as cxxopts wants them: every option by its own name with its value attached, lists joined.
std::vector<std::string> normalize(const Command& command, std::span<const std::string> words) {
  std::vector<std::string> normal;
  for (size_t i = 0; i < words.size(); ++i) {
    if (!opens_option(words[i])) {
      normal.push_back(words[i]);
      continue;
    }
    size_t equals = words[i].find('=');
    const Option& option = find_option(command.options, command.name, words[i].substr(0, equals));
    std::string name = "--" + std::string(option.name);
    if (option.value.empty()) {
      if (equals != std::string::npos) throw InputError("option " + name + " is a switch and takes no value");
      normal.push_back(name);
      continue;
    }
    std::string value = equals == std::string::npos ? "" : words[i].substr(equals + 1);
    bool takes_next = equals == std::string::npos;
    while (i + 1 < words.size() && !opens_option(words[i + 1]) &&
           (takes_next || (option.is_list && equals == std::string::npos))) {
      if (!value.empty()) value += kUnitSeparator;
      value += words[++i];
      takes_next = false;
    }
    if (value.empty())
      throw InputError("option " + name + " needs a value: " + name + " " + std::string(option.value));
    normal.push_back(name + "=" + value);
  }
  return normal;
}

}  // namespace

std::string Arguments::text(std::string_view name) const {
  auto found = values_.find(name);
  return found == values_.end() || found->second.empty() ? "" : found->second.back().back();
}

int64_t Arguments::integer(std::string_view name, int64_t low, int64_t high) const {
  return parse_integer(text(name), "--" + std::string(name), low, high);
}

double Arguments::real(std::string_view name, double low, double high) const {
  return parse_real(text(name), "--" + std::string(name), low, high);
}

std::vector<std::string> Arguments::list(std::string_view name) const {
  std::vector<std::string> all;
  for (const auto& occurrence : occurrences(name))
    all.insert(all.end(), occurrence.begin(), occurrence.end());
  if (all.empty() && has(name)) throw InputError("--" + std::string(name) + " was given an empty list");
  return all;
}

std::vector<std::vector<std::string>> Arguments::occurrences(std::string_view name) const {
  auto found = values_.find(name);
  return found == values_.end() ? std::vector<std::vector<std::string>>() : found->second;
}

Arguments Command::parse(std::span<const std::string> words) const {
  cxxopts::Options parser("netsurf " + std::string(name));
  for (const Option& option : options) {
    if (option.value.empty()) {
      parser.add_options()(std::string(option.name), "");
    } else {
      parser.add_options()(std::string(option.name), "", cxxopts::value<std::vector<std::string>>());
    }
  }
  parser.add_options()(std::string(kPositional), "", cxxopts::value<std::vector<std::string>>());
  parser.parse_positional(std::string(kPositional));

  std::vector<std::string> normal = normalize(*this, words);
  std::vector<const char*> pointers = {"netsurf"};
  for (const std::string& word : normal) pointers.push_back(word.c_str());
  Arguments arguments;
  arguments.command_line_ = "netsurf " + std::string(name) + (words.empty() ? "" : " ") + join(words, " ");
  try {
    cxxopts::ParseResult result = parser.parse(static_cast<int>(pointers.size()), pointers.data());
    if (result.count(std::string(kPositional)) > 0) {
      arguments.positional_ = result[std::string(kPositional)].as<std::vector<std::string>>();
    }
    for (const cxxopts::KeyValue& pair : result.arguments()) {
      if (pair.key() == kPositional) continue;
      arguments.given_.insert(pair.key());
      bool is_list = find_option(options, name, pair.key()).is_list;
      std::vector<std::string> values =
          split(pair.value(), is_list ? std::string(",") + kUnitSeparator : std::string(1, kUnitSeparator));
      if (!values.empty()) arguments.values_[pair.key()].push_back(std::move(values));
    }
  } catch (const cxxopts::exceptions::exception& error) {
    throw InputError(std::string(error.what()) + " (see: netsurf " + std::string(name) + " --help)");
  }
  if (positional.empty() && !arguments.positional_.empty()) {
    throw InputError("netsurf " + std::string(name) + " does not know what to do with \"" +
                     arguments.positional_[0] + "\"");
  }
  for (const Option& option : options) {
    bool given = arguments.given_.contains(option.name);
    if (!given && !option.fallback.empty()) {
      arguments.values_[std::string(option.name)].push_back(
          option.is_list ? split(option.fallback, ",")
                         : std::vector<std::string>{std::string(option.fallback)});
    }
    auto found = arguments.values_.find(option.name);
    if (given && !option.value.empty() && found == arguments.values_.end()) {
      throw InputError("--" + std::string(option.name) + " was given an empty value");
    }
    if (!given || option.is_list || option.value.empty()) continue;
    for (const std::vector<std::string>& occurrence : found->second) {
      if (occurrence.back() == found->second.front().back()) continue;
      throw InputError("--" + std::string(option.name) + " was given twice, as " +
                       found->second.front().back() + " and as " + occurrence.back() + "; give it once");
    }
  }
  return arguments;
}

std::string Command::help() const {
  std::ostringstream text;
  text << "netsurf " << name << ": " << summary << "\n\nSYNOPSIS\n  netsurf " << name;
  if (!positional.empty()) text << " " << positional;
  text << " [options]\n\nOPTIONS\n";
  for (const Option& option : options) {
    std::string left = "  --" + std::string(option.name);
    if (!option.value.empty()) left += " " + std::string(option.value) + (option.is_list ? " ..." : "");
    for (const std::string& alias : split(option.aliases, " "))
      left += (alias.size() == 1 ? ", -" : ", --") + alias;
    text << left;
    if (left.size() > 30) {
      text << "\n" << std::string(32, ' ');
    } else {
      text << std::string(32 - left.size(), ' ');
    }
    text << option.help;
    if (!option.fallback.empty()) text << " (default: " << option.fallback << ")";
    text << "\n";
  }
  text << "\nEXAMPLES\n";
  for (std::string_view example : examples) text << "  " << example << "\n";
  return text.str();
}

}  // namespace netsurf
