// What the flags of a sweep ask for, taken together.
#include <algorithm>

#include "apps/option_groups.h"
#include "engine/base/error.h"
#include "engine/base/text.h"

namespace netsurf {
namespace {

/// A flag that another one makes idle is a misunderstanding, better cleared up before hours of trials.
void check_combination(const Arguments& arguments, FaultModel asked_model) {
  if (arguments.has("faults")) {
    if (arguments.has("fault_model") && asked_model != FaultModel::list) {
      throw InputError("--faults gives the flips of fault model list, but --fault_model says " +
                       std::string(name_of(asked_model)) + "; leave one of them out");
    }
    if (arguments.has("ber_range")) refuse_idle("ber_range", "with --faults: the lists say which bits flip");
    for (const char* option : {"num_reps", "until_halfwidth", "max_trials"}) {
      if (arguments.has(option)) refuse_idle(option, "with --faults: every list is one trial");
    }
  } else if (asked_model == FaultModel::list) {
    throw InputError("--fault_model list needs fault lists; give --faults FILE");
  }
  if (!arguments.has("until_halfwidth")) {
    if (arguments.has("max_trials"))
      refuse_idle("max_trials", "without --until_halfwidth; --num_reps is the number of trials");
  } else if (arguments.has("num_reps")) {
    refuse_idle("num_reps",
                "with --until_halfwidth, which decides the number of trials; --max_trials bounds it");
  }
}

void set_trials(const Arguments& arguments, StudyRequest& study) {
  if (arguments.has("faults")) {
    study.faults.model = FaultModel::list;
    study.faults.table = std::make_shared<const FaultTable>(read_fault_table(arguments.text("faults")));
    uint64_t trials = study.faults.table->trials.size();
    if (trials == 0)
      throw InputError("--faults " + arguments.text("faults") +
                       " holds no lists; write one trial a line, - for a trial without flips");
    study.stop_rule = StopRule::fixed(trials);
    if (!arguments.has("fault_model"))
      study.notices.push_back("--faults: the fault model is list, one trial per list");
    return;
  }
  if (arguments.has("until_halfwidth")) {
    study.stop_rule = StopRule::until_half_width(
        arguments.real("until_halfwidth", 1e-9, 0.499),
        static_cast<uint64_t>(arguments.integer("max_trials", 64, int64_t{1} << 39)));
    return;
  }
  int64_t trials = arguments.integer("num_reps", -1, int64_t{1} << 39);
  if (trials == 0)
    throw InputError(
        "--num_reps 0 runs nothing; give the number of trials per cell, or -1 for one pass of coverage");
  if (trials > 0) {
    study.stop_rule = StopRule::fixed(static_cast<uint64_t>(trials));
    return;
  }
  study.stop_rule = StopRule::one_pass();
  if (!arguments.has("fault_model")) {
    study.faults.model = FaultModel::coverage;
    study.notices.push_back("--num_reps -1: the fault model is coverage, every bit flips once in one pass");
  }
  CellFacts facts;  // what can be refused whatever the model, is refused before it is trained
  facts.fault_model = study.faults.model;
  facts.design = study.faults.design;
  study.stop_rule.check(facts);
}

void set_metrics(const Arguments& arguments, StudyRequest& study) {
  static const std::vector<std::string> kMetrics = {"accuracy", "loss"};
  bool with_accuracy = false;
  study.with_loss = false;
  for (const std::string& metric : arguments.list("metrics")) {
    if (std::find(kMetrics.begin(), kMetrics.end(), metric) == kMetrics.end()) {
      throw InputError(unknown_word_message("metric", metric, kMetrics));
    }
    with_accuracy = with_accuracy || metric == "accuracy";
    study.with_loss = study.with_loss || metric == "loss";
  }
  if (!with_accuracy)
    study.notices.push_back("--metrics loss: accuracy is measured too wherever there are labels, at no cost");
}

}  // namespace

StudyRequest study_of(const Arguments& arguments) {
  StudyRequest study;
  study.faults.model = parse_fault_model(arguments.text("fault_model"));
  study.faults.design = parse_design(arguments.text("design"));
  study.faults.seed = seed_of(arguments);
  check_combination(arguments, study.faults.model);
  study.protections = decimals_of(arguments, "protection_range", "protection");
  study.bit_error_rates = decimals_of(arguments, "ber_range", "bit error rate");
  set_trials(arguments, study);
  if (study.faults.design == Design::rotation && study.faults.model != FaultModel::bernoulli) {
    throw InputError("design rotation goes with fault model bernoulli, not with " +
                     std::string(name_of(study.faults.model)));
  }
  study.split = split_of(arguments);
  study.pruned = pruned_of(arguments);
  set_metrics(arguments, study);
  set_machine(arguments, study);
  return study;
}

std::string split_of(const Arguments& arguments) {
  static const std::vector<std::string> kSplits = {"train", "validation", "test"};
  std::string split = arguments.text("split");
  if (std::find(kSplits.begin(), kSplits.end(), split) == kSplits.end())
    throw InputError(unknown_word_message("--split", split, kSplits));
  return split;
}

void set_machine(const Arguments& arguments, StudyRequest& study) {
  study.session = session_of(arguments);
  study.device = device_of(arguments);
  study.audit = UnitDecimal::parse(arguments.text("audit"), "--audit");
  if (study.session.path == Path::plain && !study.audit.is_zero())
    refuse_idle("audit", "with --path plain, which is what an audit runs");
  study.batch = static_cast<uint64_t>(arguments.integer("batch", 0, 1000000));
}

}  // namespace netsurf
