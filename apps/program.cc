#include "apps/program.h"

#include <exception>
#include <new>
#include <ostream>

#include "apps/command_bench.h"
#include "apps/command_data.h"
#include "apps/command_export.h"
#include "apps/command_hessian.h"
#include "apps/command_import.h"
#include "apps/command_oracle.h"
#include "apps/command_predict.h"
#include "apps/command_rank.h"
#include "apps/command_replay.h"
#include "apps/command_run.h"
#include "apps/command_show.h"
#include "apps/command_sweep.h"
#include "apps/command_train.h"
#include "apps/interrupt.h"
#include "apps/option_groups.h"
#include "apps/printable.h"
#include "engine/base/error.h"
#include "engine/base/text.h"

namespace netsurf {
namespace {

/// Planned, so that asking for one says so instead of guessing at a typing error.
constexpr std::string_view kPlannedCommands[] = {"report", "gui"};

std::string overview() {
  std::string text =
      "netsurf: which stored bits of a quantized neural network matter, and how much accuracy is left when "
      "the others flip\n\n"
      "USAGE\n  netsurf <command> [options]\n\nCOMMANDS\n";
  for (const Command& command : commands()) {
    std::string left = "  " + std::string(command.name);
    text += left + std::string(12 - left.size(), ' ') + std::string(command.summary) + "\n";
  }
  return text +
         "\nEXAMPLE\n  netsurf run --benchmark digits_mlp --method bitwise_msb --plot\n\n"
         "netsurf <command> --help shows the options of a command.\n";
}

const Command& find_command(std::string_view name) {
  std::vector<std::string> names;
  for (const Command& command : commands()) {
    if (command.name == name) return command;
    names.emplace_back(command.name);
  }
  for (std::string_view planned : kPlannedCommands) {
    if (planned == name) {
      throw InputError("command \"" + std::string(name) + "\" is not built yet (known: " + join(names, ", ") +
                       ")");
    }
  }
  throw InputError(unknown_word_message("command", name, names));
}

int dispatch(std::span<const std::string> arguments, const Streams& streams) {
  if (arguments.empty() || arguments[0] == "help" || arguments[0] == "--help" || arguments[0] == "-h") {
    if (arguments.size() > 2) throw InputError("help takes one command, not also \"" + arguments[2] + "\"");
    bool wants_page = arguments.size() > 1 && arguments[1] == "--page";  // docs/cli.md
    streams.out << (wants_page             ? cli_page()
                    : arguments.size() > 1 ? find_command(arguments[1]).help()
                                           : overview());
    return 0;
  }
  if (arguments[0] == "--version") {
    if (arguments.size() > 1) throw InputError("--version takes nothing, not \"" + arguments[1] + "\"");
    streams.out << "netsurf " << kVersion << "\n";
    return 0;
  }
  const Command& command = find_command(arguments[0]);
  for (const std::string& word : arguments.subspan(1)) {
    if (word == "--help" || word == "-h") {
      streams.out << command.help();
      return 0;
    }
  }
  return command.function(command.parse(arguments.subspan(1)), streams);
}

}  // namespace

const std::vector<Command>& commands() {
  static const std::vector<Command> all = {
      run_command(),    train_command(),  import_command(),  rank_command(),    oracle_command(),
      sweep_command(),  replay_command(), predict_command(), hessian_command(), show_command(),
      export_command(), data_command(),   bench_command()};
  return all;
}

int run_program(std::span<const std::string> arguments, const Streams& streams) {
  try {
    return dispatch(arguments, streams);
  } catch (const InputError& error) {
    streams.err << "netsurf: " << printable(error.what()) << "\n";
    return 2;
  } catch (const Interrupted& error) {
    streams.err << "netsurf: interrupted: " << printable(error.what()) << "\n";
    return kInterruptedExit;
  } catch (const std::bad_alloc&) {
    streams.err << "netsurf: out of memory; use a smaller model, data set or batch\n";
    return 1;
  } catch (const std::exception& error) {
    streams.err << "netsurf: " << printable(error.what()) << "\n";
    return 1;
  }
}

std::string cli_page() {
  std::string page =
      "# Command line\n\nMade from the option tables in `apps/` (`netsurf help`); a test keeps it "
      "fresh.\n\nExit codes: 0 done, 1 the run "
      "failed, 2 the request was wrong, 130 interrupted (results so far are kept).\n";
  for (const Command& command : commands()) {
    page += "\n## netsurf " + std::string(command.name) + "\n\n```\n" + command.help() + "```\n";
  }
  return page;
}

}  // namespace netsurf
