// What a stage takes on this machine, measured on its own clean data when a session opens. The choice among
// computing anew, correcting and updating rests on it, and so do estimates; results never do.
#pragma once

namespace netsurf {

/// Seconds per tile on one thread.
struct StageCosts {
  double all = 0;         // the whole stage anew
  double quad = 0;        // sums: four channels anew
  double channel = 0;     // sums: a corrected channel, apart from its corrections
  double correction = 0;  // sums: one word of one channel
  double update = 0;      // sums: all channels updated, apart from the words that differ
  // Sums: what a word of the kernel rows adds to that, by whether the places of its input that can differ are
  // all even or all odd, or are both.
  double one_parity = 0, both_parities = 0;
};

}  // namespace netsurf
