// Rankings by the leading eigenpairs of the Hessian: sum over them of |eigenvalue x the element's part of the
// eigenvector x its value|, at the model's own values or at the changes that flips make.
#include <algorithm>
#include <cmath>

#include "engine/rank/deltas.h"
#include "engine/rank/order.h"
#include "engine/rank/rankers.h"
#include "engine/rank/twin_scores.h"

namespace netsurf {
namespace {

using Kind = RankerOption::Kind;

constexpr RankerOption kPairs = {"eigen_k_top", Kind::integer, "3", 1, 1024, "", "eigenpairs"};
constexpr RankerOption kSweeps = {"max_iter",
                                  Kind::integer,
                                  "20",
                                  1,
                                  100000,
                                  "",
                                  "most products of a block; stops when the pairs are exact"};

EigenOptions options_of(const RankRequest& request) {
  EigenOptions options =
      eigen_options(request, request.settings.integer("eigen_k_top"), request.settings.integer("max_iter"));
  options.num_threads = request.num_threads;
  return options;
}

int64_t most_products(const RankRequest& request) {
  EigenOptions options = options_of(request);
  return int64_t{options.block} * options.max_sweeps;
}

/// [elements] the score at the twin's frozen point, `value` being the elements there.
std::vector<double> eigen_scores(std::string_view method, const RankRequest& request, const FloatTwin& twin,
                                 const BlockOperator& hessian, const std::vector<double>& value) {
  EigenOptions options = options_of(request);
  check_count(method, "eigen_k_top", options.count, twin.num_elements());
  Eigenpairs pairs = top_eigenpairs(hessian, twin.num_elements(), options);
  std::vector<double> score(value.size());
  for (size_t j = 0; j < pairs.values.size(); ++j) {
    for (size_t i = 0; i < value.size(); ++i)
      score[i] += std::fabs(pairs.values[j] * pairs.vectors[j * value.size() + i] * value[i]);
  }
  return finite(method, "the eigenpairs", std::move(score));
}

/// What the bit at `place`, counted from the most significant, gets of its element's score.
double share_of_place(std::string_view inner, int place) {
  if (inner == "msb") return place == 0 ? 1 : 0;
  return inner == "hierarchical" ? std::ldexp(1.0, -place) : 1;
}

}  // namespace

const std::array<RankerOption, 7> kHessianOptions = {
    {kPairs,
     kSweeps,
     {"inner_ranking_method", Kind::word, "same", 0, 0, "same msb hierarchical",
      "an element's bits: all get its score, the most significant alone, or half from bit to bit"},
     kProducts,
     kPrecision,
     kAscending,
     kNormalizeScore}};
const std::array<RankerOption, 6> kHessiandeltaOptions = {
    {kPairs, kSweeps, kProducts, kPrecision, kAscending, kNormalizeScore}};

RankedBits rank_hessian(const RankRequest& request) {
  std::unique_ptr<FloatTwin> twin = twin_of(request);
  std::vector<double> of_element =
      eigen_scores("hessian", request, *twin, hessian_of("hessian", request, *twin, most_products(request)),
                   element_values(request.model, request.space));
  std::vector<double> score = to_bits(flip_table(request.model, request.space), of_element);
  std::string_view inner = request.settings.word("inner_ranking_method");
  for_each_bit(request.space, [&](BitId id, const BitSpace::Segment& segment, int64_t, int bit) {
    score[id] *= share_of_place(inner, segment.bits - 1 - bit);
  });
  return order_scores(request, std::move(score));
}

RankedBits rank_hessiandelta(const RankRequest& request) {
  FlipTable flips = flip_table(request.model, request.space);
  std::unique_ptr<FloatTwin> twin = twin_of(request);
  int places = num_places(request.space);
  BlockOperator hessian = hessian_of("hessiandelta", request, *twin, places * most_products(request));
  std::vector<double> score(request.space.size());
  for (int place = 0; place < places; ++place) {
    ParameterOperands deltas = delta_operands(request.model, request.space, place);
    std::vector<double> value = element_values(request.model, request.space, deltas);
    twin->freeze_at(std::move(deltas));
    std::vector<double> of_element = eigen_scores("hessiandelta", request, *twin, hessian, value);
    for_each_bit(request.space, [&](BitId id, const BitSpace::Segment& segment, int64_t, int bit) {
      if (bit == segment.bits - 1 - place) score[id] = of_element[flips.element[id]];
    });
  }
  return order_scores(request, std::move(score));
}

}  // namespace netsurf
