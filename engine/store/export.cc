#include "engine/store/export.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/text.h"
#include "engine/stats/summary.h"
#include "engine/store/csv.h"

namespace netsurf {
namespace {

using StoredCell = ResultStore::StoredCell;

constexpr std::array<std::string_view, 3> kFormatNames = {"summary", "trials", "original"};
constexpr size_t kCellTagDigits = 16;  // of the cell's key: enough to join two tables by

void write_header(CsvWriter& csv, std::string_view columns) {
  for (const std::string& column : split(columns, " ")) csv.add(column);
  csv.end_line();
}

std::string cell_tag(const StudyIdentity& study, const CellIdentity& identity) {
  return identity.key(study).substr(0, kCellTagDigits);
}

std::optional<double> accuracy_of(const CellRecord& cell, const TrialOutcome& outcome) {
  if (outcome.correct == kNoCount) return std::nullopt;
  return static_cast<double>(outcome.correct) / static_cast<double>(cell.num_samples);
}

std::optional<double> loss_of(const CellRecord& cell, const TrialOutcome& outcome) {
  if (outcome.loss == kNoCount) return std::nullopt;
  return static_cast<double>(outcome.loss) * kLossUnit / static_cast<double>(cell.num_samples);
}

void write_summary(ResultStore& store, CsvWriter& csv) {
  write_header(csv,
               "cell model ranking ranking_suffix ranking_order protection ber trials accuracy accuracy_low "
               "accuracy_high "
               "interval_basis accuracy_median accuracy_q05 accuracy_q95 accuracy_min clean_accuracy loss "
               "clean_loss changed "
               "flips observed_ber distance samples bits protected_bits epoch_size fault_model design seed "
               "dataset split task "
               "pruned model_digest ranking_digest bit_space_digest data_digest");
  const StudyIdentity& study = store.study();
  for (const StoredCell& cell : store.cells()) {
    const CellIdentity& identity = cell.record.identity;
    CellSummary summary = summarize(store.outcomes(cell.id), cell.record.facts(study));
    const std::optional<Interval>& interval = summary.accuracy.interval;
    csv.add(cell_tag(study, identity)).add(identity.model_name).add(identity.ranking_method);
    csv.add(identity.ranking_suffix).add(identity.ranking_order);
    csv.add(identity.protection.text()).add(identity.bit_error_rate.text()).add(summary.trials);
    csv.add(summary.accuracy.mean);
    csv.add(interval ? std::optional(interval->low) : std::nullopt);
    csv.add(interval ? std::optional(interval->high) : std::nullopt);
    csv.add(name_of(summary.accuracy.basis));
    csv.add(summary.median)
        .add(summary.q05)
        .add(summary.q95)
        .add(summary.minimum)
        .add(summary.clean_accuracy);
    csv.add(summary.mean_loss).add(summary.clean_loss).add(summary.changed);
    csv.add(summary.mean_flips).add(summary.observed_ber).add(summary.mean_distance);
    csv.add(cell.record.num_samples)
        .add(cell.record.num_bits)
        .add(cell.record.num_protected)
        .add(cell.record.epoch_size);
    csv.add(name_of(study.fault_model)).add(name_of(study.design)).add(study.seed);
    csv.add(study.data_name).add(study.split).add(study.task).add(study.pruned);
    csv.add(identity.model_digest)
        .add(identity.ranking_digest)
        .add(identity.bit_space_digest)
        .add(study.data_digest);
    csv.end_line();
  }
}

void write_trials(ResultStore& store, CsvWriter& csv) {
  write_header(csv,
               "cell model ranking ranking_suffix ranking_order protection ber trial flips correct accuracy "
               "changed distance "
               "loss");
  for (const StoredCell& cell : store.cells()) {
    const CellIdentity& identity = cell.record.identity;
    std::string tag = cell_tag(store.study(), identity);
    for (const TrialOutcome& outcome : store.outcomes(cell.id)) {
      csv.add(tag).add(identity.model_name).add(identity.ranking_method).add(identity.ranking_suffix);
      csv.add(identity.ranking_order).add(identity.protection.text()).add(identity.bit_error_rate.text());
      csv.add(outcome.trial).add(outcome.flips);
      if (outcome.correct == kNoCount) {
        csv.add("");
      } else {
        csv.add(outcome.correct);
      }
      csv.add(accuracy_of(cell.record, outcome)).add(outcome.changed).add(outcome.distance);
      csv.add(loss_of(cell.record, outcome)).end_line();
    }
  }
}

/// Which batch brought a trial first.
class BatchIndex {
 public:
  explicit BatchIndex(std::vector<BatchRecord> batches) : batches_(std::move(batches)) {
    for (const BatchRecord& batch : batches_) {
      uint64_t at = batch.trials.begin;
      // Only the part that no earlier batch has covered.
      auto next = covered_.upper_bound(at);
      if (next != covered_.begin()) at = std::max(at, std::prev(next)->second.first);
      while (at < batch.trials.end) {
        uint64_t end = next == covered_.end() ? batch.trials.end : std::min(batch.trials.end, next->first);
        if (at < end) covered_.emplace(at, std::pair(end, &batch));
        if (next == covered_.end()) break;
        at = std::max(at, next->second.first);
        ++next;
      }
    }
  }

  const BatchRecord* find(uint64_t trial) const {
    auto next = covered_.upper_bound(trial);
    if (next == covered_.begin()) return nullptr;
    const auto& [end, batch] = std::prev(next)->second;
    return trial < end ? batch : nullptr;
  }

 private:
  std::vector<BatchRecord> batches_;
  std::map<uint64_t, std::pair<uint64_t, const BatchRecord*>> covered_;  // begin -> (end, batch), disjoint
};

void write_original(ResultStore& store, CsvWriter& csv) {
  const StudyIdentity& study = store.study();
  bool has_labels = study.task == "classification";
  std::string loss_name = has_labels ? "categorical_crossentropy" : "mse";
  write_header(csv, "protection ber true_ber loss " + loss_name +
                        (has_labels ? " categorical_accuracy" : "") +
                        " elapsed_time datetime dataset model_name ranking_method experiment_hash");
  for (const StoredCell& cell : store.cells()) {
    const CellIdentity& identity = cell.record.identity;
    BatchIndex batches(store.batches(cell.id));
    double unprotected = static_cast<double>(cell.record.num_bits - cell.record.num_protected);
    for (const TrialOutcome& outcome : store.outcomes(cell.id)) {
      const BatchRecord* batch = batches.find(outcome.trial);
      csv.add(identity.protection.text()).add(identity.bit_error_rate.text());
      csv.add(unprotected > 0 ? static_cast<double>(outcome.flips) / unprotected : 0.0);
      csv.add(loss_name).add(loss_of(cell.record, outcome));
      if (has_labels) csv.add(accuracy_of(cell.record, outcome));
      if (batch == nullptr) {
        csv.add("").add("");
      } else {
        csv.add(batch->seconds / static_cast<double>(batch->trials.end - batch->trials.begin))
            .add(batch->finished);
      }
      csv.add(study.data_name)
          .add(identity.model_name)
          .add(identity.ranking_method)
          .add(identity.ranking_digest);
      csv.end_line();
    }
  }
}

}  // namespace

ExportFormat parse_export_format(std::string_view text) {
  for (size_t i = 0; i < kFormatNames.size(); ++i) {
    if (text == kFormatNames[i]) return static_cast<ExportFormat>(i);
  }
  std::vector<std::string> known(kFormatNames.begin(), kFormatNames.end());
  throw InputError(unknown_word_message("export format", text, known));
}

void write_csv(ResultStore& store, ExportFormat format, std::ostream& out) {
  CsvWriter csv(out);
  switch (format) {
    case ExportFormat::summary:
      return write_summary(store, csv);
    case ExportFormat::trials:
      return write_trials(store, csv);
    case ExportFormat::original:
      return write_original(store, csv);
  }
}

void export_csv(ResultStore& store, ExportFormat format, const std::filesystem::path& path) {
  replace_file(path, [&](const std::filesystem::path& temporary) {
    errno = 0;
    std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
    if (file) write_csv(store, format, file);
    file.flush();
    if (!file) {
      throw RunError("cannot write " + path.string() + ": " + std::strerror(errno != 0 ? errno : EIO) +
                     "; check the folder and the disk's free space");
    }
  });
}

}  // namespace netsurf
