// Stores where nothing may be written: looked at all the same, and left as they are.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "engine/base/error.h"
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

constexpr uid_t kNobody = 65534;

/// What `work` returns in a child that permissions stop: the superuser becomes nobody for it.
template <class Work>
std::string as_somebody(const Work& work) {
  int ends[2];
  if (::pipe(ends) != 0) return "no pipe";
  pid_t child = ::fork();
  if (child == 0) {
    bool is_somebody = ::geteuid() != 0 || ::setuid(kNobody) == 0;
    std::string said = is_somebody ? work() : "cannot become nobody";
    ssize_t written = ::write(ends[1], said.data(), said.size());
    ::_exit(written == static_cast<ssize_t>(said.size()) ? 0 : 1);
  }
  ::close(ends[1]);
  std::string said;
  char buffer[4096];
  for (ssize_t count = 0; (count = ::read(ends[0], buffer, sizeof buffer)) > 0;)
    said.append(buffer, static_cast<size_t>(count));
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  return said;
}

class ReadOnlyStore : public ::testing::Test {
 protected:
  ReadOnlyStore() {
    ::chmod(folder_.path().c_str(), 0755);
    fs::create_directory(place_);
    auto store = SqliteStore::open_or_create(path_, example_study());
    store->record(0, store->add_cell(example_cell()), example_outcomes(0, 600), 1);
    whole_ = csv_of(*store, ExportFormat::summary);
  }
  ~ReadOnlyStore() override { ::chmod(place_.c_str(), 0755); }

  std::string summary_or_error() const {
    try {
      return csv_of(*SqliteStore::open_existing(path_), ExportFormat::summary);
    } catch (const std::exception& error) {
      return error.what();
    }
  }

  /// How many files lie in the store's folder.
  int64_t num_files() const {
    return std::distance(fs::directory_iterator(place_), fs::directory_iterator());
  }

  TempDir folder_;
  fs::path place_ = folder_.path() / "a?b#c%20d";  // what an SQLite URI could misread
  fs::path path_ = place_ / "results.sqlite";
  std::string whole_;
};

TEST_F(ReadOnlyStore, InAReadOnlyFolderIsRead) {
  ::chmod(path_.c_str(), 0444);
  ::chmod(place_.c_str(), 0555);
  EXPECT_EQ(as_somebody([&] { return summary_or_error(); }), whole_);
  EXPECT_EQ(num_files(), 1);
}

TEST_F(ReadOnlyStore, AReadOnlyFileInAFolderOfOursIsRead) {
  ::chmod(path_.c_str(), 0444);
  ::chmod(place_.c_str(), 0777);
  EXPECT_EQ(as_somebody([&] { return summary_or_error(); }), whole_);
  EXPECT_EQ(summary_or_error(), whole_);
}

TEST_F(ReadOnlyStore, WithTheLogOfAKilledWriterSaysWhatToCopy) {
  fs::copy_file(path_, folder_.path() / "before.sqlite");
  auto store = SqliteStore::open_existing(path_);
  {
    auto writer = SqliteStore::open_or_create(path_, example_study());
    writer->record(0, writer->cells()[0].id, example_outcomes(600, 700), 1);
    // As a kill leaves it: the file as it was, and the log beside it.
    fs::copy_file(path_.string() + "-wal", folder_.path() / "log");
  }
  store.reset();
  fs::copy_file(folder_.path() / "before.sqlite", path_, fs::copy_options::overwrite_existing);
  fs::copy_file(folder_.path() / "log", path_.string() + "-wal", fs::copy_options::overwrite_existing);
  ::chmod(place_.c_str(), 0555);
  std::string said = as_somebody([&] { return summary_or_error(); });
  EXPECT_NE(said.find("results.sqlite-wal beside it"), std::string::npos) << said;
  EXPECT_NE(said.find("copy both"), std::string::npos) << said;
  EXPECT_EQ(num_files(), 2) << "nothing was thrown away";
  ::chmod(place_.c_str(), 0755);
  auto recovered = SqliteStore::open_existing(path_);
  EXPECT_EQ(recovered->outcomes(recovered->cells()[0].id).size(), 700u);
}

TEST_F(ReadOnlyStore, AStoreOpenedForReadingRefusesToBeWritten) {
  auto store = SqliteStore::open_existing(path_);
  EXPECT_THROW(store->record(0, store->cells()[0].id, example_outcomes(600, 601), 0), RunError);
  EXPECT_EQ(store->outcomes(store->cells()[0].id).size(), 600u);
}

TEST_F(ReadOnlyStore, AReaderLeavesNoFilesBehind) {
  EXPECT_EQ(summary_or_error(), whole_);
  EXPECT_EQ(num_files(), 1);
}

TEST_F(ReadOnlyStore, AFileThatMayNotBeReadIsARunErrorThatSaysSo) {
  ::chmod(path_.c_str(), 0);
  std::string said = as_somebody([&] { return summary_or_error(); });
  EXPECT_NE(said.find("cannot read"), std::string::npos) << said;
  EXPECT_NE(said.find("check that you may read it"), std::string::npos) << said;
}

}  // namespace
}  // namespace netsurf
