// The functions behind the rows of the table, one file per family.
#pragma once

#include <array>

#include "engine/rank/ranker.h"

namespace netsurf {

/// Throws RunError once the request's `stop` is set. Long rankers call it between their steps.
void check_stop(const RankRequest& request);

RankedBits rank_random(const RankRequest& request);       // random.cc
RankedBits rank_bitwise_msb(const RankRequest& request);  // bitwise.cc
RankedBits rank_bitwise_lsb(const RankRequest& request);
RankedBits rank_layerwise_first(const RankRequest& request);  // layerwise.cc
RankedBits rank_layerwise_last(const RankRequest& request);
RankedBits rank_weight_abs_value(const RankRequest& request);  // weight_value.cc
RankedBits rank_oracle(const RankRequest& request);            // oracle.cc
extern const std::array<RankerOption, 2> kOracleOptions;

RankedBits rank_diffbitperweight(const RankRequest& request);  // bit_patterns.cc
RankedBits rank_recursive_uneven(const RankRequest& request);
extern const std::array<RankerOption, 2> kBitPatternOptions;
RankedBits rank_grad(const RankRequest& request);  // gradient.cc
extern const std::array<RankerOption, 4> kGradOptions, kGradNormOptions;
RankedBits rank_graddelta(const RankRequest& request);  // gradient_delta.cc
extern const std::array<RankerOption, 4> kGraddeltaOptions, kGraddeltaNormOptions;
RankedBits rank_hessian(const RankRequest& request);  // hessian.cc
extern const std::array<RankerOption, 7> kHessianOptions;
RankedBits rank_hessiandelta(const RankRequest& request);
extern const std::array<RankerOption, 6> kHessiandeltaOptions;
RankedBits rank_fisher(const RankRequest& request);  // fisher.cc
extern const std::array<RankerOption, 3> kFisherOptions;
RankedBits rank_laplace(const RankRequest& request);  // laplace.cc
extern const std::array<RankerOption, 6> kLaplaceOptions;
RankedBits rank_taylor2(const RankRequest& request);  // taylor.cc
RankedBits rank_curvature(const RankRequest& request);
extern const std::array<RankerOption, 6> kTaylorOptions;
RankedBits rank_qpolar(const RankRequest& request);  // qpolar.cc
extern const std::array<RankerOption, 3> kQpolarOptions;
RankedBits rank_qpolargrad(const RankRequest& request);
extern const std::array<RankerOption, 4> kQpolargradOptions;
RankedBits rank_impact_hessian(const RankRequest& request);
extern const std::array<RankerOption, 7> kImpactHessianOptions;
RankedBits rank_fkeras(const RankRequest& request);  // fkeras.cc
extern const std::array<RankerOption, 5> kFkerasOptions;
RankedBits rank_incontext(const RankRequest& request);  // incontext.cc
extern const std::array<RankerOption, 9> kIncontextOptions;
RankedBits rank_attack(const RankRequest& request);  // attack.cc
extern const std::array<RankerOption, 2> kAttackOptions;
RankedBits rank_aiber(const RankRequest& request);  // aiber.cc
extern const std::array<RankerOption, 6> kAiberOptions;

}  // namespace netsurf
