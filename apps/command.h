// What a command is: its options declared once, in a table that feeds the parser, the help and docs/cli.md.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace netsurf {

/// One option. `value` is the placeholder in the help; empty for a switch. A list takes values separated by
/// blanks or commas.
struct Option {
  std::string_view name;
  std::string_view value;
  std::string_view fallback;  // default as text; empty for none
  std::string_view help;
  bool is_list = false;
  std::string_view aliases = "";  // other spellings, separated by blanks; one letter means -x
};

/// The parsed command line of one command.
class Arguments {
 public:
  bool has(std::string_view name) const { return given_.contains(name); }
  /// The last value given, or the default ("" without one).
  std::string text(std::string_view name) const;
  int64_t integer(std::string_view name, int64_t low, int64_t high) const;
  double real(std::string_view name, double low, double high) const;
  bool flag(std::string_view name) const { return given_.contains(name); }
  /// All values of a list option, in order. Throws InputError when it was given without any.
  std::vector<std::string> list(std::string_view name) const;
  /// The values of a list option by occurrence: `--x a b --x c` gives {{a, b}, {c}}.
  std::vector<std::vector<std::string>> occurrences(std::string_view name) const;
  const std::vector<std::string>& positional() const { return positional_; }
  /// As it was given: "netsurf sweep --model m.onnx".
  const std::string& command_line() const { return command_line_; }

 private:
  friend struct Command;
  std::map<std::string, std::vector<std::vector<std::string>>, std::less<>>
      values_;  // per option, per occurrence
  std::set<std::string, std::less<>> given_;
  std::vector<std::string> positional_;
  std::string command_line_;
};

/// Where a command writes: results to `out`, progress and notices to `err`.
struct Streams {
  std::ostream& out;
  std::ostream& err;
  bool is_terminal = false;  // of err: a progress bar rather than lines
};

struct Command {
  std::string_view name;
  std::string_view summary;     // one line
  std::string_view positional;  // placeholder of positional arguments, "" when there are none
  std::vector<Option> options;
  std::vector<std::string_view> examples;
  int (*function)(const Arguments& arguments, const Streams& streams);

  /// Throws InputError for an unknown option (with a suggestion), a missing value, or arguments nobody asked
  /// for.
  Arguments parse(std::span<const std::string> arguments) const;
  /// NAME, SYNOPSIS, OPTIONS, EXAMPLES.
  std::string help() const;
};

}  // namespace netsurf
