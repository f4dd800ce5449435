#include "engine/base/file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>

#include "engine/base/error.h"
#include "tests/models/expect_error.h"
#include "tests/support/temp_dir.h"

namespace netsurf {
namespace {

namespace fs = std::filesystem;

size_t count_files(const fs::path& folder) {
  return static_cast<size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

/// Lets no file grow beyond `bytes` while it lives: the nearest thing to a full disk that needs no disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  void (*handler_)(int);
  rlimit before_{};
};

TEST(File, WhatIsWrittenIsReadBack) {
  TempDir folder;
  std::string bytes("a\0b\r\n\xff", 6);
  fs::path path = folder.path() / "deep" / "er" / "file.bin";
  write_file(path, bytes);
  EXPECT_EQ(read_file(path, 6), bytes);
  write_file(path, "");
  EXPECT_EQ(read_file(path, 0), "");
  EXPECT_EQ(count_files(path.parent_path()), 1u);
}

TEST(File, MissingAndOversizedFilesAreRefused) {
  TempDir folder;
  expect_error<InputError>([&] { read_file(folder.path() / "none", 10); }, {"no such file", "none"});
  expect_error<InputError>([&] { read_file(folder.path(), 10); }, {"not a regular file"});
  fs::path path = folder.write("big", "12345");
  expect_error<FormatError>([&] { read_file(path, 4); }, {"big", "5 bytes", "at most 4"});
}

TEST(File, AWriterThatThrowsLeavesTheOldFileAndNothingElse) {
  TempDir folder;
  fs::path path = folder.write("kept", "old");
  EXPECT_THROW(replace_file(path,
                            [](const fs::path& temporary) {
                              std::ofstream(temporary) << "half of the ne";
                              throw std::logic_error("writer failed");
                            }),
               std::logic_error);
  EXPECT_EQ(read_file(path, 10), "old");
  EXPECT_EQ(count_files(folder.path()), 1u);
}

TEST(File, AWriterThatWritesNothingIsAnError) {
  TempDir folder;
  fs::path path = folder.write("kept", "old");
  EXPECT_THROW(replace_file(path, [](const fs::path&) {}), RunError);
  EXPECT_EQ(read_file(path, 10), "old");
}

TEST(File, AFullDiskIsNamedAndLeavesTheOldFile) {
  TempDir folder;
  fs::path path = folder.write("kept", "old");
  {
    FileSizeLimit limit(4096);
    expect_error<RunError>([&] { write_file(path, std::string(1 << 20, 'x')); }, {"cannot write", "kept"});
    expect_error<RunError>([&] { write_file(path, std::string(5000, 'x')); }, {"cannot write"});
  }
  EXPECT_EQ(read_file(path, 10), "old");
  EXPECT_EQ(count_files(folder.path()), 1u);
}

TEST(File, AParentThatIsAFileIsNamed) {
  TempDir folder;
  fs::path file = folder.write("file", "x");
  expect_error<RunError>([&] { write_file(file / "child", "y"); }, {"cannot make folder", "file"});
  expect_error<RunError>([&] { write_file(file / "child" / "deeper", "y"); }, {"cannot make folder"});
  EXPECT_EQ(read_file(file, 10), "x");
}

TEST(File, ABareNameIsWrittenInTheCurrentFolder) {
  TempDir folder;
  fs::path before = fs::current_path();
  fs::current_path(folder.path());
  EXPECT_NO_THROW(write_file("bare.txt", "x"));
  fs::current_path(before);
  EXPECT_EQ(read_file(folder.path() / "bare.txt", 10), "x");
}

TEST(File, AFolderInTheWayIsNamedAndNothingIsLeft) {
  TempDir folder;
  fs::create_directory(folder.path() / "taken");
  EXPECT_THROW(write_file(folder.path() / "taken", "x"), InputError);
  EXPECT_EQ(count_files(folder.path()), 1u);
}

}  // namespace
}  // namespace netsurf
