#include "engine/store/sqlite_store.h"

#include <algorithm>
#include <chrono>
#include <ctime>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/store/chunk.h"
#include "engine/store/schema.h"

namespace netsurf {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCellColumns =
    "id, key, model_name, model_digest, ranking_method, ranking_suffix, ranking_order, ranking_digest, "
    "bit_space_digest, "
    "protection, ber, num_samples, num_bits, num_protected, epoch_size, clean_correct, clean_loss";
constexpr int64_t kMaxSamples = int64_t{1} << 31;
constexpr int64_t kMaxBits = int64_t{1} << 32;
constexpr int64_t kMaxDistance = INT64_MAX;  // where it is held
constexpr int64_t kMaxSampleLoss = int64_t{1} << 40;

std::string utc_now() {
  std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

/// Whether a trial of this cell could have counted this.
bool is_plausible(const CellRecord& cell, const TrialOutcome& outcome) {
  auto within = [](int64_t number, int64_t low, int64_t high) { return low <= number && number <= high; };
  bool correct_fits = cell.clean.correct == kNoCount ? outcome.correct == kNoCount
                                                     : within(outcome.correct, 0, cell.num_samples);
  bool loss_fits = cell.clean.loss == kNoCount ? outcome.loss == kNoCount
                                               : within(outcome.loss, 0, cell.num_samples * kMaxSampleLoss);
  return outcome.trial < ResultStore::kAllTrials && correct_fits && loss_fits &&
         within(outcome.flips, 0, static_cast<int64_t>(cell.num_bits - cell.num_protected)) &&
         within(outcome.changed, 0, cell.num_samples) && within(outcome.distance, 0, kMaxDistance);
}

bool same_facts(const CellRecord& a, const CellRecord& b) {
  return a.num_samples == b.num_samples && a.num_bits == b.num_bits && a.num_protected == b.num_protected &&
         a.epoch_size == b.epoch_size && a.clean.correct == b.clean.correct && a.clean.loss == b.clean.loss;
}

std::string facts_text(const CellRecord& cell) {
  return std::to_string(cell.num_samples) + " samples, " + std::to_string(cell.num_bits) + " bits, " +
         std::to_string(cell.num_protected) + " protected, epochs of " + std::to_string(cell.epoch_size) +
         ", clean " + text_of(cell.clean);
}

void check_same_study(const fs::path& path, const StudyIdentity& stored, const StudyIdentity& asked) {
  if (stored.digest() == asked.digest()) return;
  std::string differences;
  auto there = stored.fields(), here = asked.fields();
  for (size_t i = 0; i < there.size(); ++i) {
    if (there[i].first == "data_name" || there[i].second == here[i].second) continue;
    differences += (differences.empty() ? "" : "; ") + there[i].first + " is \"" + there[i].second +
                   "\" there, \"" + here[i].second + "\" here";
  }
  throw InputError(path.string() + " holds another study (" + differences +
                   "); choose another store file, or the settings of that study");
}

/// Adds `outcome` to the chunk, or compares it with what is there.
void merge(const CellRecord& cell, Chunk& chunk, const TrialOutcome& outcome) {
  size_t place = outcome.trial % kChunkTrials;
  if (chunk.present[place] && chunk.outcomes[place] != outcome) {
    throw RunError("trial " + std::to_string(outcome.trial) + " of " + cell.name() +
                   " came out differently: stored " + text_of(chunk.outcomes[place]) + "; now " +
                   text_of(outcome) +
                   "; nothing was changed. Replay the trial on both backends, or start a new store");
  }
  chunk.present[place] = true;
  chunk.outcomes[place] = outcome;
}

}  // namespace

/// Runs `work`; a FormatError of a part gets the file's name.
template <class Work>
auto SqliteStore::naming_file(const Work& work) const {
  try {
    return work();
  } catch (const FormatError& error) {
    throw FormatError(database_->path().string() + " is damaged: " + error.what());
  }
}

SqliteStore::SqliteStore(std::unique_ptr<Database> database, StudyIdentity study)
    : database_(std::move(database)), study_(std::move(study)) {}

std::unique_ptr<SqliteStore> SqliteStore::open_or_create(const fs::path& path, const StudyIdentity& study,
                                                         const StoreOptions& options) {
  std::string study_text = study.text();  // refuses what cannot be written, before a file is made
  check_file_kind(path);
  std::error_code error;
  if (path.has_parent_path()) fs::create_directories(path.parent_path(), error);
  if (error) {
    throw RunError("cannot make folder " + path.parent_path().string() + ": " + error.message() +
                   "; choose a store file in a folder you may write to");
  }
  auto database = std::make_unique<Database>(path, Database::Open::create, options.busy_timeout_ms);
  database->keep_log_on_close(true);
  if (is_empty(*database)) {
    Transaction transaction(*database);
    // Another process may have made the tables while this one waited for the lock.
    if (is_empty(*database)) create_schema(*database, study);
    transaction.commit();
  }
  StudyIdentity stored = read_and_check(*database);
  check_same_study(path, stored, study);
  database->keep_log_on_close(false);
  // A process beside this one can keep the mode from changing; either mode is safe, so the answer is not
  // looked at.
  bool log = options.write_ahead_log.value_or(!is_network_file_system(path.parent_path()));
  const char* mode = log ? "PRAGMA journal_mode = WAL" : "PRAGMA journal_mode = DELETE";
  sqlite3_exec(database->handle(), mode, nullptr, nullptr, nullptr);
  // With a log a killed process loses nothing even so, and a lost power supply the last batches at most.
  database->execute(log ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL");
  return std::unique_ptr<SqliteStore>(new SqliteStore(std::move(database), std::move(stored)));
}

std::unique_ptr<SqliteStore> SqliteStore::open_existing(const fs::path& path, const StoreOptions& options) {
  std::error_code error;
  if (!fs::exists(path, error)) throw InputError("no such store file: " + path.string());
  check_file_kind(path);
  auto database = std::make_unique<Database>(path, Database::Open::read, options.busy_timeout_ms);
  database->keep_log_on_close(true);
  StudyIdentity stored = read_and_check(*database);
  database->keep_log_on_close(false);
  return std::unique_ptr<SqliteStore>(new SqliteStore(std::move(database), std::move(stored)));
}

CellRecord SqliteStore::read_record(Statement& row) const {
  CellRecord record;
  CellIdentity& identity = record.identity;
  int column = 2;
  for (std::string* field :
       {&identity.model_name, &identity.model_digest, &identity.ranking_method, &identity.ranking_suffix,
        &identity.ranking_order, &identity.ranking_digest, &identity.bit_space_digest}) {
    *field = row.text(column++);
  }
  auto number = [&](int64_t low, int64_t high) {
    int64_t value = row.integer(column++);
    if (value < low || value > high)
      throw FormatError("a cell holds the number " + std::to_string(value) + " out of range");
    return value;
  };
  try {
    identity.protection = UnitDecimal::parse(row.text(column++), "protection");
    identity.bit_error_rate = UnitDecimal::parse(row.text(column++), "bit error rate");
  } catch (const InputError& error) {
    throw FormatError(error.what());
  }
  record.num_samples = number(1, kMaxSamples);
  record.num_bits = static_cast<uint64_t>(number(0, kMaxBits));
  record.num_protected = static_cast<uint64_t>(number(0, static_cast<int64_t>(record.num_bits)));
  std::string epoch_text(row.text(column++));
  try {
    record.epoch_size = std::stoull(epoch_text);
  } catch (const std::exception&) {
    record.epoch_size = 0;
  }
  if (record.epoch_size == 0 || std::to_string(record.epoch_size) != epoch_text) {
    throw FormatError("a cell has the epoch size \"" + epoch_text + "\"");
  }
  record.clean.correct = number(kNoCount, record.num_samples);
  record.clean.loss = number(kNoCount, record.num_samples * kMaxSampleLoss);
  if (record.num_protected != identity.protection.floor_of(record.num_bits)) {
    throw FormatError("a cell's protected bits are not its protection times its bits");
  }
  if (identity.key(study_) != row.text(1))
    throw FormatError("the cell " + record.name() + " does not match its key");
  return record;
}

const CellRecord& SqliteStore::cell_record(CellId cell) {
  auto known = known_.find(cell);
  if (known != known_.end()) return known->second;
  Statement row(*database_, std::string("SELECT ") + kCellColumns + " FROM cells WHERE id = ?");
  row.bind(1, cell);
  if (!row.step()) throw FormatError(database_->path().string() + " has no cell " + std::to_string(cell));
  CellRecord record = naming_file([&] { return read_record(row); });
  return known_.emplace(cell, std::move(record)).first->second;
}

CellId SqliteStore::add_cell(const CellRecord& record) {
  const CellIdentity& identity = record.identity;
  std::string key = identity.key(study_);
  Transaction transaction(*database_);
  Statement find(*database_, "SELECT id FROM cells WHERE key = ?");
  find.bind(1, key);
  if (find.step()) {
    CellId id = find.integer(0);
    const CellRecord& stored = cell_record(id);
    if (!same_facts(stored, record)) {
      throw RunError(database_->path().string() + ": " + record.name() +
                     " was measured differently: stored " + facts_text(stored) + "; now " +
                     facts_text(record) + "; start a new store");
    }
    return id;
  }
  Statement insert(
      *database_,
      "INSERT INTO cells(key, model_name, model_digest, ranking_method, ranking_suffix, ranking_order, "
      "ranking_digest, bit_space_digest, protection, ber, num_samples, num_bits, num_protected, epoch_size, "
      "clean_correct, clean_loss) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
  int parameter = 1;
  for (const std::string& text :
       {key, identity.model_name, identity.model_digest, identity.ranking_method, identity.ranking_suffix,
        identity.ranking_order, identity.ranking_digest, identity.bit_space_digest,
        identity.protection.text(), identity.bit_error_rate.text()}) {
    insert.bind(parameter++, text);
  }
  insert.bind(parameter++, record.num_samples);
  insert.bind(parameter++, static_cast<int64_t>(record.num_bits));
  insert.bind(parameter++, static_cast<int64_t>(record.num_protected));
  insert.bind(parameter++, std::to_string(record.epoch_size));
  insert.bind(parameter++, record.clean.correct);
  insert.bind(parameter++, record.clean.loss);
  insert.run();
  CellId id = database_->last_insert_id();
  transaction.commit();
  return id;
}

std::vector<ResultStore::StoredCell> SqliteStore::cells() {
  std::vector<StoredCell> cells;
  Statement rows(*database_, std::string("SELECT ") + kCellColumns + " FROM cells");
  naming_file([&] {
    while (rows.step()) cells.push_back({rows.integer(0), read_record(rows)});
  });
  std::sort(cells.begin(), cells.end(),
            [](const StoredCell& a, const StoredCell& b) { return a.record.identity < b.record.identity; });
  return cells;
}

RunId SqliteStore::begin_run(const RunRecord& run) {
  Transaction transaction(*database_);
  Statement insert(
      *database_,
      "INSERT INTO runs(started, host, path, batch, threads, version, command) VALUES(?,?,?,?,?,?,?)");
  insert.bind(1, utc_now()).bind(2, run.host).bind(3, run.path).bind(4, static_cast<int64_t>(run.batch));
  insert.bind(5, int64_t{run.threads}).bind(6, run.version).bind(7, run.command).run();
  RunId id = database_->last_insert_id();
  transaction.commit();
  return id;
}

void SqliteStore::record(RunId run, CellId cell, std::span<const TrialOutcome> outcomes, double seconds) {
  if (outcomes.empty()) return;
  const CellRecord& facts = cell_record(cell);
  Transaction transaction(*database_);
  Statement find(*database_, "SELECT outcomes FROM chunks WHERE cell = ? AND chunk = ?");
  Statement replace(*database_, "INSERT OR REPLACE INTO chunks(cell, chunk, outcomes) VALUES(?, ?, ?)");
  for (size_t i = 0; i < outcomes.size();) {
    uint64_t number = outcomes[i].trial / kChunkTrials;
    Chunk chunk;
    chunk.number = number;
    find.bind(1, cell).bind(2, static_cast<int64_t>(number));
    if (find.step()) chunk = naming_file([&] { return decode_chunk(number, find.blob(0)); });
    find.reset();
    size_t before = chunk.present.count();
    for (; i < outcomes.size() && outcomes[i].trial / kChunkTrials == number; ++i) {
      if (!is_plausible(facts, outcomes[i])) {
        throw RunError("trial " + std::to_string(outcomes[i].trial) + " of " + facts.name() +
                       " counted the impossible: " + text_of(outcomes[i]) +
                       "; this is a defect of the backend");
      }
      merge(facts, chunk, outcomes[i]);
    }
    if (chunk.present.count() == before) continue;
    replace.bind(1, cell).bind(2, static_cast<int64_t>(number)).bind_blob(3, encode_chunk(chunk)).run();
  }
  Statement batch(
      *database_,
      "INSERT INTO batches(run, cell, begin_trial, end_trial, finished, seconds) VALUES(?,?,?,?,?,?)");
  batch.bind(1, run).bind(2, cell).bind(3, static_cast<int64_t>(outcomes.front().trial));
  batch.bind(4, static_cast<int64_t>(outcomes.back().trial + 1)).bind(5, utc_now()).bind(6, seconds).run();
  transaction.commit();
}

std::vector<TrialRange> SqliteStore::missing(CellId cell, uint64_t begin, uint64_t end) {
  std::vector<TrialRange> ranges;
  if (begin >= end) return ranges;
  auto add = [&](uint64_t from, uint64_t to) {
    if (from >= to) return;
    if (!ranges.empty() && ranges.back().end == from) {
      ranges.back().end = to;
    } else {
      ranges.push_back({from, to});
    }
  };
  Statement rows(*database_,
                 "SELECT chunk, substr(outcomes, 1, ?) FROM chunks WHERE cell = ? AND chunk BETWEEN ? AND ? "
                 "ORDER BY chunk");
  rows.bind(1, static_cast<int64_t>(kChunkHeaderBytes)).bind(2, cell);
  rows.bind(3, static_cast<int64_t>(begin / kChunkTrials))
      .bind(4, static_cast<int64_t>((end - 1) / kChunkTrials));
  uint64_t at = begin;
  while (rows.step()) {
    uint64_t first = static_cast<uint64_t>(rows.integer(0)) * kChunkTrials;
    std::bitset<kChunkTrials> present = naming_file([&] { return decode_presence(rows.blob(1)); });
    for (uint64_t trial = std::max(at, first); trial < std::min(end, first + kChunkTrials); ++trial) {
      if (!present[trial - first]) continue;
      add(at, trial);
      at = trial + 1;
    }
  }
  add(at, end);
  return ranges;
}

std::vector<TrialOutcome> SqliteStore::outcomes(CellId cell, uint64_t begin, uint64_t end) {
  std::vector<TrialOutcome> outcomes;
  if (begin >= end) return outcomes;
  const CellRecord& facts = cell_record(cell);
  Statement rows(
      *database_,
      "SELECT chunk, outcomes FROM chunks WHERE cell = ? AND chunk BETWEEN ? AND ? ORDER BY chunk");
  rows.bind(1, cell).bind(2, static_cast<int64_t>(begin / kChunkTrials));
  rows.bind(3, static_cast<int64_t>((end - 1) / kChunkTrials));
  while (rows.step()) {
    naming_file([&] {
      Chunk chunk = decode_chunk(static_cast<uint64_t>(rows.integer(0)), rows.blob(1));
      for (size_t i = 0; i < kChunkTrials; ++i) {
        const TrialOutcome& outcome = chunk.outcomes[i];
        if (!chunk.present[i] || outcome.trial < begin || outcome.trial >= end) continue;
        if (!is_plausible(facts, outcome)) {
          throw FormatError("trial " + std::to_string(outcome.trial) + " of " + facts.name() + " holds " +
                            text_of(outcome));
        }
        outcomes.push_back(outcome);
      }
    });
  }
  return outcomes;
}

std::vector<BatchRecord> SqliteStore::batches(CellId cell) {
  std::vector<BatchRecord> batches;
  Statement rows(*database_,
                 "SELECT begin_trial, end_trial, finished, seconds FROM batches WHERE cell = ? ORDER BY id");
  rows.bind(1, cell);
  while (rows.step()) {
    TrialRange trials{static_cast<uint64_t>(rows.integer(0)), static_cast<uint64_t>(rows.integer(1))};
    batches.push_back({trials, std::string(rows.text(2)), rows.real(3)});
  }
  return batches;
}

}  // namespace netsurf
