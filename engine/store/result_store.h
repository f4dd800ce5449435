// Where outcomes live: one store per study, every trial of every cell kept once, keyed by (cell, trial).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/decimal.h"
#include "engine/faults/trial.h"
#include "engine/stats/summary.h"

namespace netsurf {

/// What all cells of one store share. Two runs whose studies differ in any field but `data_name` may not
/// share a store.
struct StudyIdentity {
  std::string data_name;  // for people; not compared
  std::string data_digest;
  std::string split;  // "train", "validation" or "test"
  std::string task;   // "classification", "regression" or "reconstruction"
  uint64_t seed = 0;
  FaultModel fault_model = FaultModel::bernoulli;
  Design design = Design::independent;
  std::string fault_table_digest;  // with FaultModel::list, else empty
  std::string pruned = "absent";   // BitSpace::Pruned, "absent" or "stored"
  bool with_loss = true;

  /// (name, value) in a fixed order.
  std::vector<std::pair<std::string, std::string>> fields() const;
  /// `name=value` lines, data_name included. Throws InputError when a value holds a line break.
  std::string text() const;
  /// Reads what text() wrote. Throws FormatError.
  static StudyIdentity parse(std::string_view text);
  /// SHA-256 over all fields but data_name.
  std::string digest() const;
};

/// One point of a study.
struct CellIdentity {
  std::string model_name, model_digest;
  std::string ranking_method, ranking_suffix, ranking_order,
      ranking_digest;  // "none" and "" for cells without a ranking
  UnitDecimal protection, bit_error_rate;
  std::string bit_space_digest;

  /// SHA-256 over the study and everything here.
  std::string key(const StudyIdentity& study) const;
  bool operator==(const CellIdentity&) const = default;
  /// By names and digests as text, then protection and bit error rate as numbers: the order of exports.
  bool operator<(const CellIdentity& other) const;
};

/// A cell and what follows from it before any trial: checked to be the same whenever the cell is opened
/// again.
struct CellRecord {
  CellIdentity identity;
  int64_t num_samples = 0;
  uint64_t num_bits = 0;
  uint64_t num_protected = 0;
  uint64_t epoch_size = 1;
  TrialOutcome clean;

  CellFacts facts(const StudyIdentity& study) const;
  /// "mnist_fnn / bitwise_msb / protection 0.2 / BER 0.01": how messages name it.
  std::string name() const;
};

/// Trials [begin, end).
struct TrialRange {
  uint64_t begin = 0, end = 0;

  bool operator==(const TrialRange&) const = default;
};

/// Who computed a batch, and how. Never part of an ordinary export.
struct RunRecord {
  std::string host;
  std::string path;     // Session::path(), for example "cpu/plain"
  std::string version;  // of the program
  std::string command;  // command line
  uint64_t batch = 0;   // 0: chosen by the program
  int threads = 0;      // 0: all cores
};

/// A recorded batch: when it ended (UTC, ISO 8601) and how long it took.
struct BatchRecord {
  TrialRange trials;
  std::string finished;
  double seconds = 0;
};

using CellId = int64_t;
using RunId = int64_t;

class ResultStore {
 public:
  struct StoredCell {
    CellId id = 0;
    CellRecord record;
  };

  virtual ~ResultStore() = default;

  virtual const StudyIdentity& study() const = 0;

  /// The cell's id; adds it when new. Throws RunError when the stored facts (clean outcome, sizes) differ
  /// from these.
  virtual CellId add_cell(const CellRecord& record) = 0;
  /// All cells, in the order of their identities.
  virtual std::vector<StoredCell> cells() = 0;

  virtual RunId begin_run(const RunRecord& run) = 0;

  /// Keeps `outcomes` (of consecutive trials) in one transaction: all or none. Trials already there are
  /// compared, and a difference is a RunError that names cell, trial and both outcomes. `seconds` is the time
  /// the batch took.
  virtual void record(RunId run, CellId cell, std::span<const TrialOutcome> outcomes, double seconds) = 0;

  /// The parts of [begin, end) that are not stored yet, in order.
  virtual std::vector<TrialRange> missing(CellId cell, uint64_t begin, uint64_t end) = 0;
  /// Stored outcomes of trials in [begin, end), in trial order.
  virtual std::vector<TrialOutcome> outcomes(CellId cell, uint64_t begin = 0, uint64_t end = kAllTrials) = 0;
  /// Batches that brought trials of this cell, earliest first.
  virtual std::vector<BatchRecord> batches(CellId cell) = 0;

  static constexpr uint64_t kAllTrials = uint64_t{1} << 63;  // trial numbers are below this
};

}  // namespace netsurf
