// netsurf data against a real HTTP server on loopback that serves the real MNIST files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/apps/program_runner.h"
#include "tests/support/http_server.h"
#include "tests/support/temp_dir.h"

namespace netsurf {
namespace {

using testing::HasSubstr;

std::map<std::string, HttpServer::Page> mnist_pages() {
  std::map<std::string, HttpServer::Page> pages;
  std::filesystem::path folder = NETSURF_SHARED_DIR "/data/mnist";
  if (!std::filesystem::exists(folder)) return pages;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".gz")
      pages["/" + entry.path().filename().string()].body = read_file(entry.path(), 1 << 26);
  }
  return pages;
}

TEST(Data, GetFetchesEveryFileOnceAndShowReadsThem) {
  auto pages = mnist_pages();
  if (pages.size() != 4) GTEST_SKIP() << "no MNIST in " NETSURF_SHARED_DIR;
  HttpServer server(pages);
  TempDir folder;
  std::string where = " --datasets_dir " + folder.path().string();
  Ran ran = run("data get mnist --mirror " + server.url() + "/" + where);
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(server.requests().size(), 4u);
  EXPECT_EQ(read_file(folder.path() / "mnist/t10k-labels-idx1-ubyte.gz", 1 << 20),
            pages["/t10k-labels-idx1-ubyte.gz"].body);
  Ran again = run("data get mnist --mirror " + server.url() + "/" + where);
  EXPECT_THAT(again.out, HasSubstr("was there already"));
  EXPECT_EQ(server.requests().size(), 4u);
  EXPECT_THAT(run("data show mnist" + where).out, HasSubstr("10000"));
}

TEST(Data, AFileOfTheWrongContentIsRefusedAndNotKept) {
  auto pages = mnist_pages();
  if (pages.size() != 4) GTEST_SKIP() << "no MNIST in " NETSURF_SHARED_DIR;
  for (auto& [path, page] : pages) page.body.back() ^= 1;
  HttpServer server(pages);
  TempDir folder;
  Ran ran = run("data get mnist --mirror " + server.url() + "/ --datasets_dir " + folder.path().string());
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.err, HasSubstr(server.url()));
  EXPECT_TRUE(!std::filesystem::exists(folder.path() / "mnist") ||
              std::filesystem::is_empty(folder.path() / "mnist"));
}

TEST(Data, ListNamesWhatIsKnown) { EXPECT_THAT(run("data list").out, HasSubstr("mnist")); }

}  // namespace
}  // namespace netsurf
