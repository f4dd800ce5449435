#include "tests/long/every_ranking.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <map>
#include <vector>

#include "engine/base/text.h"

namespace netsurf {
namespace {

constexpr uint64_t kManyBits = 5'000'000;  // of which even one ranking takes seconds

/// Whether ranking twice takes no time to speak of.
bool is_cheap(const RankerRow& row, const BitSpace& space) {
  if (space.size() > kManyBits) return false;
  return !row.needs_data || row.name == "grad" || row.name == "fisher" || row.name == "qpolar";
}

}  // namespace

RankerSettings quick(const RankerRow& row) {
  static const std::map<std::string, std::string> kQuick = {
      {"eigen_k_top", "2"},     {"k", "2"},
      {"max_iter", "2"},        {"contexts", "1"},
      {"context_samples", "8"}, {"chunk", "0.5"},
      {"steps", "2"},           {"epochs", "2"},
      {"products", "4"},        {"num_hutchinson_samples", "2"}};
  std::map<std::string, std::string> words;
  for (const RankerOption& option : row.options) {
    auto found = kQuick.find(std::string(option.name));
    if (found != kQuick.end()) words.insert(*found);
  }
  return RankerSettings(row.name, row.options, words);
}

std::string complaint(const Ranking& ranking, const RankerRow& row, const RankRequest& request) {
  std::vector<uint8_t> is_there(request.space.size());
  for (BitId id : ranking.order) {
    if (id < is_there.size()) is_there[id] = 1;
  }
  if (ranking.order.size() != is_there.size() || std::count(is_there.begin(), is_there.end(), 0) > 0)
    return "its order does not hold every bit once";
  if (ranking.score.size() != is_there.size()) return "its scores are not one for each bit";
  if (!std::all_of(ranking.score.begin(), ranking.score.end(), [](double x) { return std::isfinite(x); }))
    return "it has a score that is no number";
  bool is_from_here = ranking.method == row.name && ranking.order_mode == name_of(request.order) &&
                      ranking.suffix == request.suffix && ranking.seed == request.seed &&
                      ranking.options == request.settings.text() &&
                      ranking.model_digest == request.model.digest() &&
                      ranking.bit_space_digest == request.space.digest() &&
                      ranking.data_digest == (row.needs_data ? request.data->digest : "");
  if (!is_from_here) return "it does not say where it came from";
  return "";
}

void rank_by_all(const std::string& name, const Model& model, const EvaluationSet* data) {
  BitSpace space(model);
  int rankings = 0;
  double seconds = 0, longest = 0;
  std::string_view slowest;
  std::vector<std::string> left_out;
  for (const RankerRow& row : rankers()) {
    if (!row.is_listed) continue;
    if (row.needs_data && data == nullptr) {
      left_out.emplace_back(row.name);
      continue;
    }
    SCOPED_TRACE(name + ", " + std::string(row.name));
    RankRequest request{model, space, row.order, 3, "every", data, quick(row), 1};
    Ranking ranking;
    ASSERT_NO_THROW(ranking = rank(row.name, request));
    EXPECT_EQ(complaint(ranking, row, request), "");
    ++rankings;
    seconds += ranking.seconds;
    if (ranking.seconds > longest) {
      longest = ranking.seconds;
      slowest = row.name;
    }
    if (is_cheap(row, space)) {
      request.num_threads = 2;
      EXPECT_EQ(rank(row.name, request).order, ranking.order);
    }
  }
  std::cout << name << ": " << rankings << " rankings of " << space.size() << " bits by "
            << (data == nullptr ? 0 : data->count) << " samples in " << seconds << " s, slowest " << slowest
            << " with " << longest << " s; " << left_out.size() << " left out"
            << (left_out.empty() ? "" : ": ") << join(left_out, ", ") << std::endl;
}

}  // namespace netsurf
