// What the rankers share that read the float twin: their common options, the twin itself, and the way from
// one number per element to one per bit, and to an order.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "engine/gradient/block_operator.h"
#include "engine/gradient/eigenpairs.h"
#include "engine/gradient/float_twin.h"
#include "engine/rank/flip_table.h"
#include "engine/rank/ranker.h"

namespace netsurf {

inline constexpr RankerOption kAscending = {"ascending", RankerOption::Kind::integer, "0", 0, 1,
                                            "",          "1: low scores first"};
inline constexpr RankerOption kAbsoluteValue = {
    "absolute_value", RankerOption::Kind::integer, "1", 0, 1, "", "0: the sign counts"};
inline constexpr RankerOption kNormalizeScore = {"normalize_score",
                                                 RankerOption::Kind::integer,
                                                 "0",
                                                 0,
                                                 1,
                                                 "",
                                                 "1: to [0, 1] in every tensor and bit position"};
inline constexpr RankerOption kNormalizedScore = {
    "normalize_score", RankerOption::Kind::integer, "1", 0, 1, "", "0: as it is"};
inline constexpr RankerOption kPrecision = {"precision",       RankerOption::Kind::word, "float32", 0, 0,
                                            "float32 float64", "numbers of the passes"};
inline constexpr RankerOption kProducts = {
    "hvp",
    RankerOption::Kind::word,
    "exact",
    0,
    0,
    "exact differences",
    "how the Hessian is multiplied: the R-operator, or differences of gradients"};

/// The request's model frozen at its own codes, in the precision that its settings name.
std::unique_ptr<FloatTwin> twin_of(const RankRequest& request);

/// The Hessian of the twin, multiplied as the setting `hvp` says. Each product asks check_stop and reports
/// progress, `expected` being how many vectors there may be in all; one that is not finite throws as
/// finite(). What is referred to must outlive it.
BlockOperator hessian_of(std::string_view method, const RankRequest& request, const FloatTwin& twin,
                         int64_t expected);

/// [elements] values of the elements that have bits, operand x 2^-f: the model's own, or these.
std::vector<double> element_values(const Model& model, const BitSpace& space);
std::vector<double> element_values(const Model& model, const BitSpace& space,
                                   const ParameterOperands& operands);

/// The numbers, all finite. Throws RunError naming the method and `what` they are.
std::vector<double> finite(std::string_view method, std::string_view what, std::vector<double> numbers);

/// How `count` leading eigenpairs are searched: as exactly as the precision allows that the settings name,
/// with at most `max_sweeps` products of a block.
EigenOptions eigen_options(const RankRequest& request, int64_t count, int64_t max_sweeps);

/// Throws InputError when a setting asks for more eigenpairs than there are elements.
void check_count(std::string_view method, std::string_view setting, int64_t count, int64_t elements);

/// [bits] the number of each bit's element.
std::vector<double> to_bits(const FlipTable& flips, const std::vector<double>& of_element);

/// order_bits after what the settings `normalize_score` and `ascending` ask for. Normalizing takes the scores
/// of one bit position of one parameter to [0, 1], lowest to highest; `ascending` changes every sign.
RankedBits order_scores(const RankRequest& request, std::vector<double> score);

}  // namespace netsurf
