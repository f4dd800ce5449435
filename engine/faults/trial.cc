#include "engine/faults/trial.h"

#include <array>
#include <span>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace netsurf {
namespace {

const std::array<std::string, 4> kFaultModelNames = {"bernoulli", "exact", "coverage", "list"};
const std::array<std::string, 2> kDesignNames = {"independent", "rotation"};

template <typename Enum>
Enum parse_name(std::string_view what, std::string_view text, std::span<const std::string> names) {
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] == text) return static_cast<Enum>(i);
  }
  throw InputError(unknown_word_message(what, text, names));
}

}  // namespace

std::string_view name_of(FaultModel model) { return kFaultModelNames[static_cast<size_t>(model)]; }
std::string_view name_of(Design design) { return kDesignNames[static_cast<size_t>(design)]; }
FaultModel parse_fault_model(std::string_view text) {
  return parse_name<FaultModel>("fault model", text, kFaultModelNames);
}
Design parse_design(std::string_view text) { return parse_name<Design>("design", text, kDesignNames); }

std::string text_of(const TrialOutcome& outcome) {
  auto count = [](int64_t number) {
    return number == kNoCount ? std::string("none") : std::to_string(number);
  };
  return "flips " + std::to_string(outcome.flips) + ", correct " + count(outcome.correct) + ", changed " +
         std::to_string(outcome.changed) + ", distance " + std::to_string(outcome.distance) + ", loss " +
         count(outcome.loss) + " x 2^-20";
}

}  // namespace netsurf
