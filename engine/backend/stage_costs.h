// What a stage takes on this machine, measured on its own clean data when a session opens. The choice between
// computing anew and correcting rests on it, and so do estimates; results never do.
#pragma once

namespace netsurf {

/// Seconds per tile on one thread.
struct StageCosts {
  double all = 0;         // the whole stage anew
  double quad = 0;        // sums: four channels anew
  double channel = 0;     // sums: a corrected channel, apart from its corrections
  double correction = 0;  // sums: one word of one channel
};

}  // namespace netsurf
