// NetSurf's side of bench/peers/hvp.py: makes float twins of one network once, then answers requests, one
// JSON object a line each way, so that the clock sees products with the Hessian alone and the sides can take
// turns.
//
//   greeting                                        {"compiler", "elements", "samples", "loss"}
//   {"way", "precision", "direction": [numbers]}    one product: {"product": [numbers]}
//   {"way", "precision", "lanes": 64}               that many products along random directions: {"seconds",
//                                                   "cpu_seconds"}
//
// way: "exact" or "differences"; precision: "float32" or "float64".
#include <chrono>
#include <ctime>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "bench/peers/line_server.h"
#include "bench/peers/network_file.h"
#include "engine/gradient/float_twin.h"

namespace netsurf::peers {
namespace {

using Clock = std::chrono::steady_clock;

class Server {
 public:
  Server(std::unique_ptr<FloatTwin> narrow, std::unique_ptr<FloatTwin> wide)
      : narrow_(std::move(narrow)), wide_(std::move(wide)) {}

  Json answer(const Json& request) {
    const auto way = request.at("way").get<std::string>(),
               precision = request.at("precision").get<std::string>();
    const FloatTwin& twin = precision == "float32" ? *narrow_ : *wide_;
    const auto products = [&](const std::vector<double>& directions) {
      return way == "exact" ? twin.hessian_products(directions) : twin.difference_products(directions, {});
    };
    if (request.contains("direction"))
      return {{"product", products(request.at("direction").get<std::vector<double>>())}};
    std::vector<double> directions(request.at("lanes").get<size_t>() *
                                   static_cast<size_t>(twin.num_elements()));
    std::mt19937 random(1);
    for (double& each : directions) each = random() % 2 == 0 ? 1 : -1;
    const std::clock_t cpu_start = std::clock();
    const Clock::time_point start = Clock::now();
    products(directions);
    return {{"seconds", std::chrono::duration<double>(Clock::now() - start).count()},
            {"cpu_seconds", static_cast<double>(std::clock() - cpu_start) / CLOCKS_PER_SEC}};
  }

 private:
  std::unique_ptr<FloatTwin> narrow_, wide_;
};

void serve(int argc, char** argv) {
  cxxopts::Options options = side_options("netsurf_hvp", "products with the Hessian");
  auto arguments = options.parse(argc, argv);

  const Model model = read_network(arguments["network"].as<std::string>());
  const EvaluationSet set =
      read_samples(model, arguments["inputs"].as<std::string>(), arguments["labels"].as<std::string>());
  const BitSpace space(model);
  const auto twin = [&](Precision precision) {
    return make_float_twin(model, space, set,
                           {.precision = precision, .num_threads = arguments["threads"].as<int>()});
  };
  auto narrow = twin(Precision::float32), wide = twin(Precision::float64);
  const Json greeting = {{"compiler", "GCC " __VERSION__},
                         {"elements", wide->num_elements()},
                         {"samples", set.count},
                         {"loss", wide->moments({}).loss}};
  Server server(std::move(narrow), std::move(wide));
  serve_lines(greeting, [&](const Json& request) { return server.answer(request); });
}

}  // namespace
}  // namespace netsurf::peers

int main(int argc, char** argv) {
  return netsurf::peers::run_side("netsurf_hvp", [&] { netsurf::peers::serve(argc, argv); });
}
