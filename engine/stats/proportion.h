// Shares of a population judged from a sample of it.
#pragma once

#include <cstdint>

#include "engine/stats/summary.h"

namespace netsurf {

/// Wilson's score interval of a probability at 95 %, from `hits` among `count` draws; exactly 0 and 1 at the
/// ends where no or every draw hit. Without replacement it is on the wide side. REQUIRES: 0 <= hits <= count
/// and count >= 1.
Interval wilson_interval(int64_t hits, int64_t count);

/// Draws without replacement after which the share of a population of `population` is known to +-`margin` at
/// 95 %, whatever it is (Leveugle, Calvez, Maistri and Vanhauwaert, "Statistical fault injection", DATE
/// 2009). REQUIRES: population >= 1 and 0 < margin < 1.
int64_t leveugle_sample_size(int64_t population, double margin);

}  // namespace netsurf
