// A plan says everything that decides a range of trials, and nothing about how they are scheduled. An outcome
// is what one trial counted.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/decimal.h"
#include "engine/faults/bit_space.h"

namespace netsurf {

enum class FaultModel : uint8_t {
  bernoulli,  // each unprotected bit flips with probability BER
  exact,      // round(unprotected x BER) distinct flips per trial
  coverage,   // as exact, in slices that together flip every unprotected bit once per pass
  list,       // the flips are given
};
enum class Design : uint8_t {
  independent,  // trials are independent of each other
  rotation,     // a bit flips at most once in an epoch of floor(1 / BER) trials
};

std::string_view name_of(FaultModel model);
std::string_view name_of(Design design);
FaultModel parse_fault_model(std::string_view text);  // throws InputError with a suggestion
Design parse_design(std::string_view text);

/// The flips of given trials, for FaultModel::list: trial t flips `trials[t]`, sorted, without repeats.
struct FaultTable {
  std::vector<std::vector<BitId>> trials;
  std::string digest;  // SHA-256 over the lists
};

/// Which bits flip, before protection.
struct FaultSpec {
  FaultModel model = FaultModel::bernoulli;
  Design design = Design::independent;
  UnitDecimal bit_error_rate;
  uint64_t seed = 0;
  std::shared_ptr<const FaultTable> table;  // for list
};

/// Which bits cannot flip: the first floor(fraction x bits) of a ranking are immune.
struct Protection {
  UnitDecimal fraction;
  std::shared_ptr<const std::vector<uint32_t>>
      rank;  // rank[BitId] = place in the ranking, 0 first; null when fraction is 0

  uint64_t num_protected(uint64_t num_bits) const { return fraction.floor_of(num_bits); }
  bool protects(BitId id, uint64_t num_protected) const {
    return num_protected > 0 && (*rank)[id] < num_protected;
  }
};

struct TrialPlan {
  FaultSpec faults;
  Protection protection;
  uint64_t begin = 0, end = 0;  // trials [begin, end)
  bool with_loss = true;
};

inline constexpr int64_t kNoCount = -1;  // of `correct` without labels, of `loss` when it was not asked for

/// What one trial counted over the whole evaluation set. All integers: sums have no order.
struct TrialOutcome {
  uint64_t trial = 0;
  int64_t flips = 0;           // left after protection
  int64_t correct = kNoCount;  // samples whose argmax is the label
  int64_t changed = 0;      // samples whose argmax (or, without labels, any output code) differs from clean
  int64_t distance = 0;     // sum of squared differences of scored codes from clean, at most INT64_MAX
  int64_t loss = kNoCount;  // sum of sample losses, in units of 2^-20

  bool operator==(const TrialOutcome&) const = default;
};

/// "flips 3, correct 97, changed 2, distance 14, loss 1234 x 2^-20"; "none" for what was not counted.
std::string text_of(const TrialOutcome& outcome);

inline constexpr double kLossUnit = 1.0 / (1 << 20);

}  // namespace netsurf
