// The functions behind the rows of the table, one file per family.
#pragma once

#include "engine/rank/ranker.h"

namespace netsurf {

RankedBits rank_random(const RankRequest& request);       // random.cc
RankedBits rank_bitwise_msb(const RankRequest& request);  // bitwise.cc
RankedBits rank_bitwise_lsb(const RankRequest& request);
RankedBits rank_layerwise_first(const RankRequest& request);  // layerwise.cc
RankedBits rank_layerwise_last(const RankRequest& request);
RankedBits rank_weight_abs_value(const RankRequest& request);  // weight_value.cc

}  // namespace netsurf
