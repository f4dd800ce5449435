// The program as a function, so that tests run it in process.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "apps/command.h"

namespace netsurf {

/// Every command, in the order of the help.
const std::vector<Command>& commands();

/// Runs `netsurf arguments...`. Exit code 0 done, 1 the run failed, 2 the request was wrong, 130 interrupted.
/// Errors are one line on `streams.err`.
int run_program(std::span<const std::string> arguments, const Streams& streams);

/// The page docs/cli.md: the help of every command.
std::string cli_page();

}  // namespace netsurf
