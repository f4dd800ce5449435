#include "engine/rank/ranker.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/rank/rankers.h"

namespace netsurf {
namespace {

constexpr std::array kRankers = {
    RankerRow{"random", "", "any order, from the seed: what the others must beat", rank_random},
    RankerRow{"bitwise_msb", "bitwise", "most significant bits first", rank_bitwise_msb},
    RankerRow{"bitwise_lsb", "", "least significant bits first", rank_bitwise_lsb},
    RankerRow{"layerwise_first", "layerwise", "layers from input to output", rank_layerwise_first},
    RankerRow{"layerwise_last", "", "layers from output to input", rank_layerwise_last},
    RankerRow{"weight_abs_value", "weight_abs_val weight_abs", "large weights first", rank_weight_abs_value},
};

/// Methods of the original that have no ranker here yet.
struct AbsentRow {
  std::string_view name;
  std::string_view aliases;
};
constexpr std::array kAbsent = {
    AbsentRow{"grad", "hirescam"},
    AbsentRow{"grad_norm", "hirescam_norm"},
    AbsentRow{"graddelta", "hiresdelta"},
    AbsentRow{"graddelta_norm", "hiresdelta_norm"},
    AbsentRow{"hessian", ""},
    AbsentRow{"hessiandelta", ""},
    AbsentRow{"aiber", ""},
    AbsentRow{"qpolar", ""},
    AbsentRow{"qpolargrad", ""},
    AbsentRow{"fisher", ""},
    AbsentRow{"laplace", ""},
    AbsentRow{"oracle", ""},
    AbsentRow{"diffbitperweight", ""},
    AbsentRow{"recursive_uneven", ""},
};

template <typename Row>
bool is_called(const Row& row, std::string_view word) {
  std::vector<std::string> aliases = split(row.aliases, " ");
  return row.name == word || std::find(aliases.begin(), aliases.end(), word) != aliases.end();
}

std::vector<std::string> built_names() {
  std::vector<std::string> names;
  for (const RankerRow& row : kRankers) names.emplace_back(row.name);
  return names;
}

void check_space(const RankRequest& request) {
  for (const BitSpace::Segment& segment : request.space.segments()) {
    auto index = static_cast<size_t>(segment.parameter);
    bool fits = index < request.model.parameters().size();
    if (fits) {
      const Parameter& parameter = request.model.parameters()[index];
      uint64_t elements = (segment.end - segment.begin) / static_cast<uint32_t>(segment.bits);
      fits = !parameter.constant && parameter.format.bits == segment.bits &&
             elements <= parameter.codes.size() &&
             (segment.elements.empty() ? elements == parameter.codes.size()
                                       : segment.elements.back() < parameter.codes.size());
    }
    if (!fits)
      throw InputError("the bit space is not one of model " + request.model.name() +
                       "; build it from that model");
  }
}

}  // namespace

std::string_view name_of(OrderMode order) { return order == OrderMode::planes ? "planes" : "global"; }

OrderMode parse_order_mode(std::string_view text) {
  if (text == "planes") return OrderMode::planes;
  if (text == "global") return OrderMode::global;
  throw InputError(unknown_word_message("order", text, std::vector<std::string>{"planes", "global"}));
}

std::span<const RankerRow> rankers() { return kRankers; }

const RankerRow& find_ranker(std::string_view method) {
  for (const RankerRow& row : kRankers) {
    if (is_called(row, method)) return row;
  }
  std::vector<std::string> built = built_names();
  for (const AbsentRow& row : kAbsent) {
    if (!is_called(row, method)) continue;
    std::string name = row.name == method ? "" : " (" + std::string(row.name) + ")";
    throw InputError("ranking method \"" + std::string(method) + "\"" + name +
                     " is not built yet; these are: " + join(built, ", "));
  }
  built.emplace_back("all");
  throw InputError(unknown_word_message("ranking method", method, built));
}

std::vector<std::string> expand_methods(std::span<const std::string> methods) {
  if (methods.empty()) throw InputError("no ranking method given; known: all, " + join(built_names(), ", "));
  std::vector<std::string> names;
  auto add = [&](std::string_view name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
  };
  for (const std::string& method : methods) {
    if (method == "all") {
      for (const RankerRow& row : kRankers) add(row.name);
    } else {
      add(find_ranker(method).name);
    }
  }
  return names;
}

Ranking rank(std::string_view method, const RankRequest& request) {
  const RankerRow& row = find_ranker(method);
  check_space(request);
  auto begin = std::chrono::steady_clock::now();
  RankedBits bits = row.function(request);
  Ranking ranking;
  ranking.method = row.name;
  ranking.order_mode = name_of(request.order);
  ranking.suffix = request.suffix;
  ranking.model_digest = request.model.digest();
  ranking.bit_space_digest = request.space.digest();
  ranking.seed = request.seed;
  ranking.order = std::move(bits.order);
  ranking.score = std::move(bits.score);
  ranking.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return ranking;
}

}  // namespace netsurf
