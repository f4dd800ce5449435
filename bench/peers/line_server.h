// How NetSurf's sides of the comparisons talk: requests in and answers out, one JSON object a line.
#pragma once

#include <cxxopts.hpp>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

namespace netsurf::peers {

using Json = nlohmann::json;

/// The options of every side: the three files that network_file reads, and threads.
cxxopts::Options side_options(const std::string& name, const std::string& does);

/// Prints the greeting, then the answer to each line that comes in, until no more do.
void serve_lines(const Json& greeting, const std::function<Json(const Json& request)>& answer);

/// Exit status of `serve()`; what it throws is said on stderr and gives 2 for InputError, else 1.
int run_side(const std::string& name, const std::function<void()>& serve);

}  // namespace netsurf::peers
