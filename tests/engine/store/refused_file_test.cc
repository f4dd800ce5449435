// Files that are not a store, or no longer one: one clear error each, and the file stays as it was.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <random>

#include "engine/base/error.h"
#include "engine/store/schema.h"
#include "tests/engine/store/example_store.h"
#include "tests/support/temp_dir.h"

namespace netsurf {
namespace {

namespace fs = std::filesystem;
using testing::csv_of;
using testing::example_cell;
using testing::example_outcomes;
using testing::example_study;
using testing::message_of;

constexpr uint64_t kMaxBytes = 1 << 24;

class RefusedFile : public ::testing::Test {
 protected:
  /// The bytes of a store with three cells of 600 trials.
  std::string store_bytes() {
    fs::path path = folder_.path() / "whole.sqlite";
    {
      auto store = SqliteStore::open_or_create(path, example_study());
      for (const char* ber : {"0.1", "0.01", "0.001"}) {
        store->record(0, store->add_cell(example_cell(ber)), example_outcomes(0, 600), 1);
      }
    }
    std::string bytes = read_file(path, kMaxBytes);
    fs::remove(path);
    return bytes;
  }

  /// What opening says, having checked that the file is left alone.
  template <class Error>
  std::string refusal(const std::string& bytes) {
    fs::path path = folder_.write("damaged.sqlite", bytes);
    std::string message = message_of<Error>([&] { SqliteStore::open_or_create(path, example_study()); });
    EXPECT_NE(message_of<Error>([&] { SqliteStore::open_existing(path); }), "");
    EXPECT_EQ(read_file(path, kMaxBytes), bytes);
    EXPECT_NE(message.find(path.string()), std::string::npos) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    return message;
  }

  void run_sql(const fs::path& path, const char* sql) {
    Database(path, Database::Open::write, 0).execute(sql);
  }

  TempDir folder_;
};

TEST_F(RefusedFile, OfAnotherKindIsNamedAsSuch) {
  EXPECT_NE(refusal<FormatError>("protection,ber\n0,0.1\n").find("does not begin as an SQLite file"),
            std::string::npos);
  EXPECT_NE(refusal<FormatError>("SQL").find("does not begin as an SQLite file"), std::string::npos);
}

TEST_F(RefusedFile, OfAnotherApplicationIsNamedAsSuch) {
  fs::path path = folder_.path() / "other.sqlite";
  {
    Database database(path, Database::Open::create, 0);
    database.execute("CREATE TABLE birds(name TEXT)");
  }
  EXPECT_NE(refusal<FormatError>(read_file(path, kMaxBytes)).find("not a NetSurf result store"),
            std::string::npos);
}

TEST_F(RefusedFile, OfANewerVersionNamesBothVersions) {
  fs::path path = folder_.write("newer.sqlite", store_bytes());
  run_sql(path, "UPDATE meta SET value = '2' WHERE key = 'format_version'");
  std::string message = message_of<FormatError>([&] { SqliteStore::open_existing(path); });
  EXPECT_NE(message.find("version \"2\", this program reads version 1"), std::string::npos) << message;
}

TEST_F(RefusedFile, WithOtherTablesIsDamaged) {
  std::string bytes = store_bytes();
  for (const char* sql : {"DROP TABLE chunks", "CREATE TABLE more(x)", "CREATE VIEW v AS SELECT 1",
                          "CREATE TRIGGER t AFTER INSERT ON runs BEGIN DELETE FROM chunks; END",
                          "ALTER TABLE runs ADD COLUMN extra TEXT"}) {
    fs::path path = folder_.write("changed.sqlite", bytes);
    run_sql(path, sql);
    EXPECT_THROW(SqliteStore::open_existing(path), FormatError) << sql;
  }
}

TEST_F(RefusedFile, WithCellsThatContradictThemselvesIsDamaged) {
  std::string bytes = store_bytes();
  for (const char* sql : {"UPDATE cells SET num_samples = 0",
                          "UPDATE cells SET num_samples = -5",
                          "UPDATE cells SET num_bits = 1e300",
                          "UPDATE cells SET num_protected = 1001",
                          "UPDATE cells SET num_protected = 199",
                          "UPDATE cells SET protection = '1.5'",
                          "UPDATE cells SET ber = 'often'",
                          "UPDATE cells SET epoch_size = '0'",
                          "UPDATE cells SET epoch_size = '-1'",
                          "UPDATE cells SET clean_correct = 101",
                          "UPDATE cells SET model_name = 'x'",
                          "UPDATE cells SET key = x'00'",
                          "UPDATE cells SET model_digest = NULL",
                          "UPDATE chunks SET outcomes = x'00'",
                          "UPDATE chunks SET outcomes = 5",
                          "UPDATE chunks SET outcomes = zeroblob(100000)",
                          "UPDATE chunks SET outcomes = zeroblob(40) || x'00'",
                          "UPDATE meta SET value = 'seed=1' WHERE key = 'study'",
                          "UPDATE meta SET value = 'x' WHERE key = 'study_digest'",
                          "DELETE FROM meta",
                          "UPDATE batches SET seconds = 'long'"}) {
    fs::path path = folder_.write("changed.sqlite", bytes);
    try {
      run_sql(path, sql);
    } catch (const RunError&) {
      continue;  // the table's own constraints refused it
    }
    EXPECT_THROW(csv_of(*SqliteStore::open_existing(path), ExportFormat::original), FormatError) << sql;
  }
}

TEST_F(RefusedFile, WithPlausibleBytesButTheWrongChecksumIsDamaged) {
  fs::path path = folder_.write("changed.sqlite", store_bytes());
  run_sql(
      path,
      "UPDATE chunks SET outcomes = CAST(substr(outcomes, 1, 47) || x'01' || substr(outcomes, 49) AS BLOB)");
  auto store = SqliteStore::open_existing(path);
  std::string message = message_of<FormatError>([&] { csv_of(*store, ExportFormat::summary); });
  EXPECT_NE(message.find("checksum"), std::string::npos) << message;
  CellId cell = store->cells()[0].id;
  auto writer = SqliteStore::open_or_create(path, example_study());
  EXPECT_THROW(writer->record(0, cell, example_outcomes(0, 1), 0), FormatError) << "never written over";
}

TEST_F(RefusedFile, TruncatedAnywhereIsDamaged) {
  std::string bytes = store_bytes();
  for (size_t size : {size_t{16}, size_t{50}, size_t{100}, size_t{511}, size_t{4095}, size_t{4096},
                      size_t{4097}, size_t{10000}, bytes.size() / 2, bytes.size() - 4096, bytes.size() - 1}) {
    EXPECT_NE(refusal<FormatError>(bytes.substr(0, size)), "") << size << " of " << bytes.size() << " bytes";
  }
}

TEST_F(RefusedFile, WithRandomDamageNeverYieldsOtherNumbers) {
  std::string bytes = store_bytes();
  std::string whole =
      csv_of(*SqliteStore::open_existing(folder_.write("whole.sqlite", bytes)), ExportFormat::trials);
  std::mt19937_64 random(3);
  int refused = 0;
  for (int i = 0; i < 300; ++i) {
    std::string damaged = bytes;
    size_t place = random() % damaged.size();
    damaged[place] = static_cast<char>(damaged[place] ^ (1 << random() % 8));
    fs::path path = folder_.path() / "damaged.sqlite";
    std::ofstream(path, std::ios::binary) << damaged;
    try {
      EXPECT_EQ(csv_of(*SqliteStore::open_existing(path), ExportFormat::trials), whole) << "byte " << place;
    } catch (const FormatError&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 100) << "most of the file is data";
}

TEST_F(RefusedFile, MissingOrAFolderIsAnInputError) {
  EXPECT_THROW(SqliteStore::open_existing(folder_.path() / "none.sqlite"), InputError);
  EXPECT_FALSE(fs::exists(folder_.path() / "none.sqlite"));
  EXPECT_THROW(SqliteStore::open_existing(folder_.path()), InputError);
  EXPECT_THROW(SqliteStore::open_or_create(folder_.path(), example_study()), InputError);
  EXPECT_THROW(SqliteStore::open_or_create("", example_study()), InputError);
}

TEST_F(RefusedFile, AnEmptyFileIsWhatAStoppedMakerLeavesAndIsTaken) {
  fs::path path = folder_.write("empty.sqlite", "");
  EXPECT_TRUE(SqliteStore::open_or_create(path, example_study())->cells().empty());
}

TEST_F(RefusedFile, WhereNothingCanBeMadeIsARunErrorWithARemedy) {
  // Modes do not stop the superuser, but these do.
  for (const fs::path& path :
       {fs::path("/proc/netsurf/results.sqlite"), folder_.write("file", "x") / "results.sqlite"}) {
    std::string message = message_of<RunError>([&] { SqliteStore::open_or_create(path, example_study()); });
    EXPECT_NE(message.find("choose a store file in a folder you may write to"), std::string::npos) << message;
  }
}

/// Runs `work` in a child in which no file may grow beyond `bytes`, and returns its exit code.
template <class Work>
int run_with_file_limit(rlim_t bytes, const Work& work) {
  pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{bytes, bytes};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    ::_exit(work());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(RefusedFile, AFullDiskIsARunErrorAndEarlierBatchesAreKept) {
  fs::path path = folder_.path() / "full.sqlite";
  { SqliteStore::open_or_create(path, example_study())->add_cell(example_cell()); }
  int code = run_with_file_limit(150'000, [&] {
    auto store = SqliteStore::open_or_create(path, example_study());
    CellId cell = store->cells()[0].id;
    for (uint64_t at = 0; at < 100'000; at += 100) {
      try {
        store->record(0, cell, example_outcomes(at, at + 100), 0);
      } catch (const RunError& error) {
        bool has_remedy = std::string(error.what()).find("free some space") != std::string::npos ||
                          std::string(error.what()).find("free space") != std::string::npos;
        return has_remedy && at > 0 ? 0 : 1;
      }
    }
    return 2;
  });
  EXPECT_EQ(code, 0);
  auto store = SqliteStore::open_or_create(path, example_study());
  CellId cell = store->cells()[0].id;
  auto kept = store->outcomes(cell);
  EXPECT_GE(kept.size(), 100u);
  EXPECT_EQ(kept, example_outcomes(0, kept.size()));
  store->record(0, cell, example_outcomes(0, 2000), 0);
  EXPECT_EQ(store->outcomes(cell), example_outcomes(0, 2000));
}

TEST_F(RefusedFile, AnExportThatDoesNotFitLeavesTheOldOne) {
  auto store = SqliteStore::open_or_create(folder_.path() / "store.sqlite", example_study());
  store->record(0, store->add_cell(example_cell()), example_outcomes(0, 1000), 0);
  fs::path csv = folder_.write("trials.csv", "old");
  int code = run_with_file_limit(10'000, [&] {
    std::string message = message_of<RunError>([&] { export_csv(*store, ExportFormat::trials, csv); });
    return message.find("cannot write") != std::string::npos ? 0 : 1;
  });
  EXPECT_EQ(code, 0);
  EXPECT_EQ(read_file(csv, kMaxBytes), "old");
  export_csv(*store, ExportFormat::trials, csv);
  EXPECT_EQ(read_file(csv, kMaxBytes), csv_of(*store, ExportFormat::trials));
}

}  // namespace
}  // namespace netsurf
