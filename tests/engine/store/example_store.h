// A small study with made-up outcomes, for tests of the store.
#pragma once

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "engine/store/export.h"
#include "engine/store/sqlite_store.h"

namespace netsurf::testing {

inline StudyIdentity example_study() {
  StudyIdentity study;
  study.data_name = "digits";
  study.data_digest = "d1";
  study.split = "test";
  study.task = "classification";
  study.seed = 7;
  return study;
}

inline CellRecord example_cell(const char* ber = "0.01", const char* protection = "0.2") {
  CellRecord cell;
  cell.identity.model_name = "digits_mlp";
  cell.identity.model_digest = "m1";
  cell.identity.ranking_method = "bitwise_msb";
  cell.identity.ranking_order = "planes";
  cell.identity.ranking_digest = "r1";
  cell.identity.bit_space_digest = "b1";
  cell.identity.protection = UnitDecimal::parse(protection, "protection");
  cell.identity.bit_error_rate = UnitDecimal::parse(ber, "BER");
  cell.num_samples = 100;
  cell.num_bits = 1000;
  cell.num_protected = cell.identity.protection.floor_of(cell.num_bits);
  cell.clean.correct = 97;
  cell.clean.loss = 12345;
  return cell;
}

/// Decided by the trial number alone.
inline TrialOutcome example_outcome(uint64_t trial) {
  uint64_t mixed = (trial + 1) * 0x9E3779B97F4A7C15u;
  TrialOutcome outcome;
  outcome.trial = trial;
  outcome.flips = static_cast<int64_t>(mixed >> 60);
  outcome.correct = static_cast<int64_t>(60 + (mixed >> 32) % 38);
  outcome.changed = 97 - outcome.correct;
  outcome.distance = static_cast<int64_t>((mixed >> 20) % 100000);
  outcome.loss = static_cast<int64_t>(mixed >> 40);
  return outcome;
}

inline std::vector<TrialOutcome> example_outcomes(uint64_t begin, uint64_t end) {
  std::vector<TrialOutcome> outcomes;
  for (uint64_t trial = begin; trial < end; ++trial) outcomes.push_back(example_outcome(trial));
  return outcomes;
}

inline std::string csv_of(ResultStore& store, ExportFormat format) {
  std::ostringstream text;
  write_csv(store, format, text);
  return text.str();
}

/// What `work` throws as `Error`, or "" when it throws none.
template <class Error, class Work>
std::string message_of(const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace netsurf::testing
