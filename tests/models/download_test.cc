#include "models/download.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/digest.h"
#include "engine/base/error.h"
#include "engine/base/file.h"
#include "models/download_datasets.h"
#include "tests/models/expect_error.h"
#include "tests/support/http_server.h"
#include "tests/support/temp_dir.h"

namespace netsurf {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string kBody(200000, 'b');

class Download : public ::testing::Test {
 protected:
  Download() : target_(folder_.path() / "sub/file.bin") {
    hash_ = sha256_of_file(folder_.write("reference", kBody).string());
  }

  bool get(const std::vector<std::string>& urls, const DownloadOptions& options = {}) {
    return download(urls, target_, hash_, options);
  }

  /// Names of what lies beside the target: no temporary file may be left there.
  std::vector<std::string> siblings() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(target_.parent_path())) {
      names.push_back(entry.path().filename());
    }
    return names;
  }

  TempDir folder_;
  std::filesystem::path target_;
  std::string hash_;
};

TEST_F(Download, AFileArrivesWholeAndReportsProgress) {
  HttpServer server({{"/file.bin", {.body = kBody}}});
  uint64_t last_done = 0, last_total = 0;
  DownloadOptions options;
  options.progress = [&](uint64_t done, uint64_t total) {
    EXPECT_GE(done, last_done);
    last_done = done;
    last_total = total;
  };
  EXPECT_TRUE(get({server.url() + "/file.bin"}, options));
  EXPECT_EQ(read_file(target_, 1 << 20), kBody);
  EXPECT_EQ(last_done, kBody.size());
  EXPECT_EQ(last_total, kBody.size());
  EXPECT_THAT(siblings(), ElementsAre("file.bin"));
}

TEST_F(Download, AFileThatIsThereIsNotAskedFor) {
  HttpServer server({{"/file.bin", {.body = kBody}}});
  EXPECT_TRUE(get({server.url() + "/file.bin"}));
  EXPECT_FALSE(get({server.url() + "/file.bin"}));
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST_F(Download, AWrongHashLeavesTheTargetUntouched) {
  HttpServer server({{"/file.bin", {.body = "forged"}}});
  folder_.write("sub/file.bin", "old");
  expect_error<RunError>(
      [&] { get({server.url() + "/file.bin"}); },
      {"cannot fetch file.bin", server.url() + "/file.bin: SHA-256 ", "expected " + hash_});
  EXPECT_EQ(read_file(target_, 100), "old");
  EXPECT_THAT(siblings(), ElementsAre("file.bin"));
}

TEST_F(Download, TheNextMirrorIsTriedAfterAFailure) {
  HttpServer bad({{"/forged", {.body = "forged"}}});
  HttpServer good({{"/file.bin", {.body = kBody}}});
  EXPECT_TRUE(get({bad.url() + "/none", bad.url() + "/forged", good.url() + "/file.bin"}));
  EXPECT_EQ(read_file(target_, 1 << 20), kBody);
  EXPECT_THAT(bad.requests(), ElementsAre("/none", "/forged"));
}

TEST_F(Download, EveryUrlAndCauseIsNamed) {
  HttpServer server({{"/cut", {.body = kBody, .missing = 10}}});
  std::string refused;
  {
    HttpServer gone({});
    refused = gone.url() + "/gone";
  }
  expect_error<RunError>(
      [&] {
        get({server.url() + "/none", server.url() + "/cut", refused});
      },
      {server.url() + "/none: The requested URL returned error: 404",
       server.url() + "/cut: ", "10 bytes remaining", refused + ": ", "onnect", target_.string()});
  EXPECT_THAT(siblings(), IsEmpty());
}

TEST_F(Download, RedirectsAreFollowedButNotToOtherProtocols) {
  HttpServer server({{"/moved", {.status = 302, .headers = "Location: /file.bin\r\n"}},
                     {"/loop", {.status = 302, .headers = "Location: /loop\r\n"}},
                     {"/local", {.status = 302, .headers = "Location: file:///etc/hostname\r\n"}},
                     {"/file.bin", {.body = kBody}}});
  EXPECT_TRUE(get({server.url() + "/moved"}));
  std::filesystem::remove(target_);
  expect_error<RunError>([&] { get({server.url() + "/loop"}); }, {"redirects"});
  expect_error<RunError>([&] { get({server.url() + "/local"}); }, {"rotocol"});
  expect_error<RunError>([&] { get({"file:///etc/hostname"}); }, {"rotocol"});
}

TEST_F(Download, MoreThanTheCapIsRefusedWithAndWithoutALength) {
  HttpServer server(
      {{"/known", {.body = kBody}}, {"/unknown", {.body = kBody, .has_content_length = false}}});
  DownloadOptions options;
  options.max_bytes = kBody.size() - 1;
  for (const char* path : {"/known", "/unknown"}) {
    expect_error<RunError>([&] { get({server.url() + path}, options); },
                           {"larger than the 199999 bytes allowed"});
  }
  options.max_bytes = kBody.size();
  EXPECT_TRUE(get({server.url() + "/unknown"}, options));
}

TEST_F(Download, ASilentServerIsGivenUp) {
  HttpServer server({{"/silent", {.is_silent = true}}});
  DownloadOptions options;
  options.stall_timeout = std::chrono::seconds(1);
  expect_error<RunError>([&] { get({server.url() + "/silent"}, options); }, {"/silent: ", "too slow"});
}

TEST_F(Download, WhatProgressThrowsComesOut) {
  HttpServer server({{"/file.bin", {.body = kBody}}});
  DownloadOptions options;
  options.progress = [](uint64_t, uint64_t) { throw InputError("stop"); };
  expect_error<InputError>([&] { get({server.url() + "/file.bin"}, options); }, {"stop"});
  EXPECT_THAT(siblings(), IsEmpty());
}

TEST_F(Download, AFolderThatCannotBeWrittenIsNotBlamedOnTheMirror) {
  HttpServer server({{"/file.bin", {.body = kBody}}});
  target_ = folder_.path() / "reference" / "file.bin";  // a file where a folder should be
  expect_error<RunError>([&] { get({server.url() + "/file.bin"}); }, {"reference"});
  EXPECT_THAT(server.requests(), IsEmpty());
}

TEST(FetchDataset, EveryFileIsPinned) {
  for (const RemoteDataset& dataset : remote_datasets()) {
    EXPECT_EQ(dataset.files.size(), 4u);
    for (std::string_view mirror : dataset.mirrors) EXPECT_TRUE(mirror.ends_with('/')) << mirror;
    for (const RemoteFile& file : dataset.files) {
      EXPECT_EQ(file.sha256.size(), 64u);
      EXPECT_EQ(file.sha256.find_first_not_of("0123456789abcdef"), std::string_view::npos);
    }
  }
}

TEST(FetchDataset, MnistComesFromTheGivenMirrorAndIsNotFetchedTwice) {
  std::filesystem::path mnist = std::filesystem::path(NETSURF_SHARED_DIR) / "data/mnist";
  if (!std::filesystem::exists(mnist)) GTEST_SKIP() << "no " << mnist;
  std::map<std::string, HttpServer::Page> pages;
  for (const RemoteFile& file : remote_datasets()[1].files) {
    pages["/mirror/" + std::string(file.name)] = {.body = read_file(mnist / file.name, file.bytes)};
  }
  HttpServer server(pages);
  TempDir folder;
  std::vector<std::string> shown;
  auto progress = [&](std::string_view file, uint64_t done, uint64_t total) {
    EXPECT_LE(done, total);
    if (shown.empty() || shown.back() != file) shown.emplace_back(file);
  };
  std::vector<FetchedFile> fetched =
      fetch_dataset("mnist", folder.path(), server.url() + "/mirror", progress);
  ASSERT_EQ(fetched.size(), 4u);
  EXPECT_EQ(shown.size(), 4u);
  EXPECT_EQ(server.requests().size(), 4u);
  for (const FetchedFile& file : fetch_dataset("mnist", folder.path(), server.url() + "/mirror/", progress)) {
    EXPECT_TRUE(file.was_there) << file.path;
  }
  EXPECT_EQ(server.requests().size(), 4u);
}

TEST(FetchDataset, WhatCannotBeFetchedIsRefused) {
  TempDir folder;
  expect_error<InputError>([&] { fetch_dataset("minst", folder.path(), "", {}); },
                           {"did you mean \"mnist\"", "fashion_mnist"});
  expect_error<InputError>([&] { fetch_dataset("mnist", folder.path(), "ftp://x/", {}); },
                           {"ftp://x/", "http://"});
}

}  // namespace
}  // namespace netsurf
