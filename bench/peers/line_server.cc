#include "bench/peers/line_server.h"

#include <cstdio>
#include <exception>
#include <iostream>

#include "engine/base/error.h"

namespace netsurf::peers {

cxxopts::Options side_options(const std::string& name, const std::string& does) {
  cxxopts::Options options(name, "answers requests for " + does + ", one JSON object a line");
  auto add = options.add_options();
  add("network", "NAME.json", cxxopts::value<std::string>());
  add("inputs", "input codes, one byte each", cxxopts::value<std::string>());
  add("labels", "labels, one byte each", cxxopts::value<std::string>());
  add("threads", "threads; 0: all cores", cxxopts::value<int>()->default_value("1"));
  options.parse_positional({"network", "inputs", "labels"});
  return options;
}

void serve_lines(const Json& greeting, const std::function<Json(const Json& request)>& answer) {
  std::cout << greeting.dump() << std::endl;
  std::string line;
  while (std::getline(std::cin, line)) std::cout << answer(Json::parse(line)).dump() << std::endl;
}

int run_side(const std::string& name, const std::function<void()>& serve) {
  try {
    serve();
    return 0;
  } catch (const InputError& error) {
    std::fprintf(stderr, "%s: %s\n", name.c_str(), error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", name.c_str(), error.what());
    return 1;
  }
}

}  // namespace netsurf::peers
