#include "engine/backend/audited_session.h"

#include <string>
#include <utility>

#include "engine/base/error.h"

namespace netsurf {
namespace {

class AuditedSession : public Session {
 public:
  AuditedSession(std::unique_ptr<Session> session, std::unique_ptr<Session> witness,
                 const UnitDecimal& fraction, AuditTally& tally)
      : Session(session->bit_space(), session->num_samples()),
        session_(std::move(session)),
        witness_(std::move(witness)),
        fraction_(fraction),
        tally_(tally) {
    clean_ = session_->clean();
    compare(clean_, witness_->clean(), "the network without faults");
  }

  std::string path() const override { return session_->path(); }
  std::vector<PathEstimate> estimate(const TrialPlan& plan) override { return session_->estimate(plan); }

 protected:
  std::vector<TrialOutcome> do_run(const TrialPlan& plan) override {
    if (plan.end > kMaxAuditedTrials) {
      throw InputError("an audit reaches trials below " + std::to_string(kMaxAuditedTrials) +
                       "; run the later ones without it");
    }
    std::vector<TrialOutcome> outcomes = session_->run(plan);
    tally_.trials += outcomes.size();
    for (const AuditRange& range : audited_ranges(plan.begin, plan.end, fraction_)) {
      TrialPlan part = plan;
      part.begin = range.begin;
      part.end = range.end;
      for (const TrialOutcome& expected : witness_->run(part)) {
        const TrialOutcome& found = outcomes[expected.trial - plan.begin];
        if (found != expected) compare(found, expected, name_of(plan, expected.trial));
        ++tally_.audited;
      }
    }
    return outcomes;
  }

 private:
  /// What one needs to run a trial again.
  std::string name_of(const TrialPlan& plan, uint64_t trial) const {
    return "trial " + std::to_string(trial) + " (fault model " +
           std::string(netsurf::name_of(plan.faults.model)) + ", design " +
           std::string(netsurf::name_of(plan.faults.design)) + ", seed " + std::to_string(plan.faults.seed) +
           ", BER " + plan.faults.bit_error_rate.text() + ", protection " + plan.protection.fraction.text() +
           ")";
  }

  void compare(const TrialOutcome& found, const TrialOutcome& expected, const std::string& name) const {
    if (found == expected) return;
    throw RunError(
        "the audit found a wrong result: " + name + " has " + text_of(found) + " on " + session_->path() +
        " but " + text_of(expected) + " on " + witness_->path() +
        "; this is a defect of NetSurf: please report it with the command line, and use --path plain");
  }

  std::unique_ptr<Session> session_, witness_;
  UnitDecimal fraction_;
  AuditTally& tally_;
};

}  // namespace

std::vector<AuditRange> audited_ranges(uint64_t begin, uint64_t end, const UnitDecimal& fraction) {
  std::vector<AuditRange> ranges;
  for (uint64_t trial = begin; trial < end; ++trial) {
    if (fraction.floor_of(trial + 1) == fraction.floor_of(trial)) continue;
    if (!ranges.empty() && ranges.back().end == trial) {
      ++ranges.back().end;
    } else {
      ranges.push_back({trial, trial + 1});
    }
  }
  return ranges;
}

std::unique_ptr<Session> make_audited_session(std::unique_ptr<Session> session,
                                              std::unique_ptr<Session> witness, const UnitDecimal& fraction,
                                              AuditTally& tally) {
  return std::make_unique<AuditedSession>(std::move(session), std::move(witness), fraction, tally);
}

}  // namespace netsurf
