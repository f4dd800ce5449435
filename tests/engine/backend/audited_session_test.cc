// An audit finds a wrong trial if and only if it looks at it.
#include "engine/backend/audited_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/base/error.h"
#include "tests/models/expect_error.h"
#include "tests/support/models.h"

namespace netsurf {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::random_set;
using testing::tiny_mlp;

UnitDecimal fraction(const char* text) { return UnitDecimal::parse(text, "audit"); }

std::unique_ptr<Session> open(const Model& model, const EvaluationSet& set, Path path) {
  SessionOptions options;
  options.path = path;
  options.num_threads = 1;
  return make_cpu_backend()->open(model, set, BitSpace(model), options);
}

/// Another session, but for one trial (or the clean network) and with a record of what it was asked.
class OddSession : public Session {
 public:
  static constexpr uint64_t kClean = UINT64_MAX;

  OddSession(std::unique_ptr<Session> session, uint64_t odd_trial, std::vector<AuditRange>* asked = nullptr)
      : Session(session->bit_space(), session->num_samples()),
        session_(std::move(session)),
        odd_trial_(odd_trial),
        asked_(asked) {
    clean_ = session_->clean();
    if (odd_trial == kClean) ++clean_.distance;
  }
  std::string path() const override { return "odd/path"; }
  std::vector<PathEstimate> estimate(const TrialPlan&) override { return {{Path::delta, 2.5}}; }

 protected:
  std::vector<TrialOutcome> do_run(const TrialPlan& plan) override {
    if (asked_ != nullptr) asked_->push_back({plan.begin, plan.end});
    std::vector<TrialOutcome> outcomes = session_->run(plan);
    for (TrialOutcome& outcome : outcomes) {
      if (outcome.trial == odd_trial_) ++outcome.distance;
    }
    return outcomes;
  }

 private:
  std::unique_ptr<Session> session_;
  uint64_t odd_trial_;
  std::vector<AuditRange>* asked_;
};

class Audit : public ::testing::Test {
 protected:
  std::unique_ptr<Session> plain() { return open(model_, set_, Path::plain); }
  std::unique_ptr<Session> odd(uint64_t trial) { return std::make_unique<OddSession>(plain(), trial); }

  static TrialPlan plan_of(uint64_t begin, uint64_t end) {
    TrialPlan plan;
    plan.faults.bit_error_rate = UnitDecimal::parse("0.02", "rate");
    plan.faults.seed = 77;
    plan.begin = begin;
    plan.end = end;
    return plan;
  }

  Model model_ = tiny_mlp();
  EvaluationSet set_ = random_set(model_, 40, 1);
  AuditTally tally_;
};

constexpr uint64_t kNoTrial = OddSession::kClean - 1;

TEST_F(Audit, OfAFractionPicksTheTrialsWhereItsMultiplesPassAWholeNumber) {
  EXPECT_THAT(audited_ranges(0, 12, fraction("0.25")),
              ElementsAre(AuditRange{3, 4}, AuditRange{7, 8}, AuditRange{11, 12}));
  EXPECT_THAT(audited_ranges(0, 8, fraction("0.75")), ElementsAre(AuditRange{1, 4}, AuditRange{5, 8}));
  EXPECT_THAT(audited_ranges(5, 9, fraction("1")), ElementsAre(AuditRange{5, 9}));
  EXPECT_THAT(audited_ranges(0, 1000, fraction("0")), IsEmpty());
  EXPECT_THAT(audited_ranges(0, 99, fraction("0.01")), IsEmpty());
  EXPECT_THAT(audited_ranges(98, 101, fraction("0.01")), ElementsAre(AuditRange{99, 100}));
}

TEST_F(Audit, CountsExactlyWhereBinaryFractionsWouldNot) {
  for (const char* text : {"0.1", "0.3", "0.29", "1e-3", "0.57"}) {
    uint64_t audited = 0;
    for (const AuditRange& range : audited_ranges(0, 10000, fraction(text)))
      audited += range.end - range.begin;
    EXPECT_EQ(audited, fraction(text).floor_of(10000)) << text;
  }
  uint64_t last = kMaxAuditedTrials;
  EXPECT_EQ(audited_ranges(last - 3, last, fraction("1")), std::vector({AuditRange{last - 3, last}}));
}

TEST_F(Audit, FindsAWrongTrialIfAndOnlyIfItLooksAtIt) {
  for (const char* share : {"0", "0.1", "0.5", "0.8", "1"}) {
    for (uint64_t trial = 20; trial < 40; ++trial) {
      auto session = make_audited_session(odd(trial), plain(), fraction(share), tally_);
      bool is_audited = fraction(share).floor_of(trial + 1) > fraction(share).floor_of(trial);
      if (is_audited) {
        EXPECT_THROW(session->run(plan_of(20, 40)), RunError) << share << " " << trial;
      } else {
        EXPECT_EQ(session->run(plan_of(20, 40)), odd(trial)->run(plan_of(20, 40))) << share << " " << trial;
      }
    }
  }
}

TEST_F(Audit, NamesTrialPathsAndBothOutcomes) {
  auto session = make_audited_session(odd(31), plain(), fraction("1"), tally_);
  TrialOutcome right = plain()->run(plan_of(31, 32))[0];
  try {
    session->run(plan_of(20, 40));
    FAIL() << "no error";
  } catch (const RunError& error) {
    for (const std::string& part :
         {std::string("trial 31 "), std::string("seed 77"), std::string("BER 0.02"), std::string("odd/path"),
          std::string("cpu/plain"), std::string("--path plain"), std::string("report"),
          "distance " + std::to_string(right.distance + 1),
          "distance " + std::to_string(right.distance) + ","})
      EXPECT_THAT(error.what(), HasSubstr(part));
  }
}

TEST_F(Audit, ComparesTheCleanOutcomesBeforeAnyTrial) {
  EXPECT_THAT([&] { make_audited_session(odd(OddSession::kClean), plain(), fraction("0"), tally_); },
              ::testing::ThrowsMessage<RunError>(HasSubstr("without faults")));
}

TEST_F(Audit, AsksItsWitnessForRangesAndCountsWhatItCovered) {
  std::vector<AuditRange> asked;
  auto session = make_audited_session(plain(), std::make_unique<OddSession>(plain(), kNoTrial, &asked),
                                      fraction("0.75"), tally_);
  session->run(plan_of(0, 8));
  session->run(plan_of(8, 10));
  EXPECT_THAT(asked, ElementsAre(AuditRange{1, 4}, AuditRange{5, 8}, AuditRange{9, 10}));
  EXPECT_EQ(tally_.trials, 10u);
  EXPECT_EQ(tally_.audited, 7u);
}

TEST_F(Audit, OfEveryPathChangesNoOutcome) {
  std::vector<TrialOutcome> expected = plain()->run(plan_of(3, 30));
  for (Path path : {Path::plain, Path::dense, Path::delta, Path::automatic}) {
    auto session = make_audited_session(open(model_, set_, path), plain(), fraction("0.4"), tally_);
    EXPECT_EQ(session->run(plan_of(3, 30)), expected);
    EXPECT_EQ(session->clean(), plain()->clean());
    EXPECT_EQ(session->path(), open(model_, set_, path)->path());
    EXPECT_EQ(session->bit_space().digest(), BitSpace(model_).digest());
    EXPECT_EQ(session->num_samples(), 40);
  }
  EXPECT_EQ(tally_.audited, 4u * (fraction("0.4").floor_of(30) - fraction("0.4").floor_of(3)));
}

TEST_F(Audit, LeavesEstimatesToTheSession) {
  auto session = make_audited_session(odd(kNoTrial), plain(), fraction("0.5"), tally_);
  EXPECT_EQ(session->estimate(plan_of(0, 1)).at(0).seconds_per_trial, 2.5);
}

TEST_F(Audit, RefusesTrialsThatItsFractionCannotCount) {
  auto session = make_audited_session(plain(), plain(), fraction("0.5"), tally_);
  expect_error<InputError>([&] { session->run(plan_of(kMaxAuditedTrials, kMaxAuditedTrials + 1)); },
                           {"audit"});
}

}  // namespace
}  // namespace netsurf
