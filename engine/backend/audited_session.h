// A session whose trials are, in part, run again by a second one and compared: a check of the fast paths
// while they work.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/backend/backend.h"
#include "engine/base/decimal.h"

namespace netsurf {

/// What audits have covered so far. Several sessions may share one.
struct AuditTally {
  uint64_t trials = 0;   // run
  uint64_t audited = 0;  // of those, run again; all came out the same
};

inline constexpr uint64_t kMaxAuditedTrials = (uint64_t{1} << 40) - 1;  // as far as a fraction counts exactly

/// Trials [begin, end).
struct AuditRange {
  uint64_t begin = 0, end = 0;

  bool operator==(const AuditRange&) const = default;
};

/// The audited trials of [begin, end), in as few ranges as there can be. Trial t is audited when
/// floor((t + 1) x fraction) > floor(t x fraction): the first n trials have floor(n x fraction) audited ones,
/// however a study is cut into plans. REQUIRES: end <= kMaxAuditedTrials.
std::vector<AuditRange> audited_ranges(uint64_t begin, uint64_t end, const UnitDecimal& fraction);

/// A session that gives the outcomes of `session` once `witness` has given the same for the audited trials.
/// Throws RunError, here when the clean outcomes differ, in run() at the first trial that does; InputError in
/// run() for trials beyond kMaxAuditedTrials. REQUIRES: both have the same model, evaluation set and bit
/// space. `tally` must outlive the session.
std::unique_ptr<Session> make_audited_session(std::unique_ptr<Session> session,
                                              std::unique_ptr<Session> witness, const UnitDecimal& fraction,
                                              AuditTally& tally);

}  // namespace netsurf
