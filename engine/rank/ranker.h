// The table of rankers, and the one way to run them. A new ranker is a function in a file of its own and a
// row in the table of ranker.cc; flags, help and contract tests find it there.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/dataset.h"
#include "engine/rank/ranking.h"

namespace netsurf {

/// How scores become an order. Ties go to the lower BitId in both.
enum class OrderMode : uint8_t {
  planes,  // complete bit planes first, high exponent first; the score orders the bits inside a plane
  global,  // the score first, then high exponent first
};
std::string_view name_of(OrderMode order);
OrderMode parse_order_mode(std::string_view text);  // throws InputError with a suggestion

/// A setting of a method, given as key=value. Declared once, next to the ranker that reads it.
struct RankerOption {
  enum class Kind : uint8_t { integer, real, word };

  std::string_view name;
  Kind kind = Kind::word;
  std::string_view fallback;    // default as text
  double low = 0, high = 0;     // of a number
  std::string_view words = "";  // of a word: those known, separated by blanks; empty: any text
  std::string_view help = "";
};

/// The settings of one call, checked against the method's options: every option has a value.
class RankerSettings {
 public:
  RankerSettings() = default;
  /// Throws InputError for an unknown key (with a suggestion), a value of the wrong type, or out of range.
  RankerSettings(std::string_view method, std::span<const RankerOption> options,
                 const std::map<std::string, std::string>& given);

  int64_t integer(std::string_view name) const;
  double real(std::string_view name) const;
  std::string_view word(std::string_view name) const;
  /// "key=value key=value" of what differs from the defaults, keys sorted; empty when nothing does.
  const std::string& text() const { return text_; }
  /// Nobody has checked them against a method yet.
  bool is_empty() const { return values_.empty(); }

  bool operator==(const RankerSettings&) const = default;

 private:
  std::map<std::string, std::string, std::less<>> values_;
  std::string text_;
};

/// How far a ranker is, in [0, 1], and at what. Called from one thread.
using RankProgress = std::function<void(double done, std::string_view step)>;

/// What a ranker works on. `space` is the bit space of `model`.
struct RankRequest {
  const Model& model;
  const BitSpace& space;
  OrderMode order = OrderMode::planes;
  uint64_t seed = 0;                    // of rankers that draw
  std::string suffix = "";              // kept in the ranking as it is
  const EvaluationSet* data = nullptr;  // training samples; null only for rankers without needs_data
  RankerSettings settings = {};         // empty: the method's defaults
  int num_threads = 0;                  // 0: all cores; never changes a ranking
  RankProgress progress = nullptr;
  const std::atomic<bool>* stop = nullptr;  // when it becomes true a long ranker ends with RunError
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
  bool needs_data = false;              // reads training samples
  OrderMode order = OrderMode::planes;  // where none is asked for
  std::span<const RankerOption> options = {};
  bool is_listed = true;  // part of "all": not for a method that needs more than a model and its data
};

/// What `netsurf rank` does when no method is named: the best on most networks of docs/league.md.
inline constexpr std::string_view kDefaultRanker = "incontext";

/// Every ranker that is built, in the order of the help.
std::span<const RankerRow> rankers();

/// The row of a name or an alias. Throws InputError with a suggestion.
const RankerRow& find_ranker(std::string_view method);

/// Canonical names of the asked methods, each once, in the order asked; "all" stands for every ranker that is
/// listed. Throws InputError as find_ranker does, and for an empty list.
std::vector<std::string> expand_methods(std::span<const std::string> methods);

/// Ranks every bit of the space and fills in the provenance. Throws InputError for an unknown method, for a
/// space that is not the model's, and where the method needs data that is missing or not the model's.
Ranking rank(std::string_view method, const RankRequest& request);

}  // namespace netsurf
