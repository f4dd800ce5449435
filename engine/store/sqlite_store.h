// The result store in one SQLite file. The tables are described in docs/results-file.md.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>

#include "engine/store/result_store.h"
#include "engine/store/sqlite.h"

namespace netsurf {

struct StoreOptions {
  int busy_timeout_ms = 60'000;  // how long to wait for another process's batch
  /// Absent: yes, but not on a network file system, where the log's shared memory cannot be trusted.
  std::optional<bool> write_ahead_log = std::nullopt;
};

class SqliteStore : public ResultStore {
 public:
  /// Opens the store of `study` at `path`, or makes it (and its folder). Throws InputError when the file
  /// holds another study, FormatError when it is not a store, damaged, or of a newer version (the file is
  /// left as it is), RunError when it cannot be opened or written.
  static std::unique_ptr<SqliteStore> open_or_create(const std::filesystem::path& path,
                                                     const StudyIdentity& study,
                                                     const StoreOptions& options = {});

  /// Opens whatever study is there, for reading only: file and folder need not be writable, unless a killed
  /// writer left a log or a journal. Throws InputError when there is no file, else as open_or_create.
  static std::unique_ptr<SqliteStore> open_existing(const std::filesystem::path& path,
                                                    const StoreOptions& options = {});

  const StudyIdentity& study() const override { return study_; }
  CellId add_cell(const CellRecord& record) override;
  std::vector<StoredCell> cells() override;
  RunId begin_run(const RunRecord& run) override;
  void record(RunId run, CellId cell, std::span<const TrialOutcome> outcomes, double seconds) override;
  std::vector<TrialRange> missing(CellId cell, uint64_t begin, uint64_t end) override;
  std::vector<TrialOutcome> outcomes(CellId cell, uint64_t begin = 0, uint64_t end = kAllTrials) override;
  std::vector<BatchRecord> batches(CellId cell) override;

 private:
  SqliteStore(std::unique_ptr<Database> database, StudyIdentity study);

  const CellRecord& cell_record(CellId cell);
  CellRecord read_record(Statement& row) const;
  template <class Work>
  auto naming_file(const Work& work) const;

  std::unique_ptr<Database> database_;
  StudyIdentity study_;
  std::map<CellId, CellRecord> known_;  // cells seen so far
};

}  // namespace netsurf
