// The table of rankers, and the one way to run them. A new ranker is a function in a file of its own and a
// row in the table of ranker.cc; flags, help and contract tests find it there.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/rank/ranking.h"

namespace netsurf {

/// How scores become an order. Ties go to the lower BitId in both.
enum class OrderMode : uint8_t {
  planes,  // complete bit planes first, high exponent first; the score orders the bits inside a plane
  global,  // the score first, then high exponent first
};
std::string_view name_of(OrderMode order);
OrderMode parse_order_mode(std::string_view text);  // throws InputError with a suggestion

/// What a ranker works on. `space` is the bit space of `model`.
struct RankRequest {
  const Model& model;
  const BitSpace& space;
  OrderMode order = OrderMode::planes;
  uint64_t seed = 0;        // of rankers that draw
  std::string suffix = "";  // kept in the ranking as it is
};

/// What a ranker gives: order[place] = BitId, score[BitId].
struct RankedBits {
  std::vector<BitId> order;
  std::vector<double> score;
};

struct RankerRow {
  std::string_view name;
  std::string_view aliases;  // other spellings, separated by spaces
  std::string_view summary;  // one line for the help
  RankedBits (*function)(const RankRequest& request);
};

/// Every ranker that is built, in the order of the help.
std::span<const RankerRow> rankers();

/// The row of a name or an alias. Throws InputError: a method of the original that is not built yet names
/// those that are, an unknown word gets a suggestion.
const RankerRow& find_ranker(std::string_view method);

/// Canonical names of the asked methods, each once, in the order asked; "all" stands for every ranker that is
/// built. Throws InputError as find_ranker does, and for an empty list.
std::vector<std::string> expand_methods(std::span<const std::string> methods);

/// Ranks every bit of the space and fills in the provenance. Throws InputError for an unknown method and for
/// a space that is not the model's.
Ranking rank(std::string_view method, const RankRequest& request);

}  // namespace netsurf
