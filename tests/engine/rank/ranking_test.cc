// Ranking files: what is written comes back, and nothing else is believed.
#include "engine/rank/ranking.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <limits>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/rank/npz.h"
#include "engine/rank/ranker.h"
#include "tests/engine/rank/models.h"

namespace netsurf {
namespace {

namespace fs = std::filesystem;
using test::make_network;
using testing::HasSubstr;

class RankingFile : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("netsurf-ranking-" + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path folder_;
  Model model_ = make_network();
  BitSpace space_ = BitSpace(model_);
  EvaluationSet data_ = test::make_data(model_);
};

Ranking small_ranking() {
  Ranking ranking;
  ranking.method = "random";
  ranking.order_mode = "planes";
  ranking.model_digest = "model";
  ranking.bit_space_digest = "space";
  ranking.seed = 18446744073709551615u;
  ranking.order = {2, 0, 3, 1};
  ranking.score = {0.5, -1.25, 1e300, 0};
  return ranking;
}

/// Reading must fail with a FormatError that begins with the name and mentions `part`.
void expect_refused(const std::string& bytes, const std::string& part) {
  try {
    ranking_from_npz(bytes, "file.npz");
    ADD_FAILURE() << "accepted, expected an error with: " << part;
  } catch (const FormatError& error) {
    EXPECT_THAT(error.what(), testing::StartsWith("file.npz: "));
    EXPECT_THAT(error.what(), HasSubstr(part));
  }
}

std::string archive_of(const std::string& header, const std::string& order, const std::string& score) {
  NpzMember members[] = {{"order.npy", order, {}}, {"score.npy", score, {}}, {"header.json", header, {}}};
  return write_npz(members);
}

template <typename T>
std::string npy(std::string_view descr, const std::vector<T>& values) {
  return npy_head(descr, values.size()) +
         std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

/// small_ranking's header with one text replaced by another.
std::string header_with(const std::string& from, const std::string& to) {
  std::string header =
      R"({"kind": "netsurf ranking", "version": 1, "method": "random", "order_mode": "planes", "suffix": "",
    "model_digest": "model", "bit_space_digest": "space", "bits": 4, "seed": 3, "seconds": 0.5, "digest": ")" +
      small_ranking().digest() + "\"}";
  size_t at = header.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return header.replace(at, from.size(), to);
}

const std::string kOrder = npy<uint32_t>("<u4", {2, 0, 3, 1});
const std::string kScore = npy<double>("<f8", {0.5, -1.25, 1e300, 0});

TEST_F(RankingFile, EveryRankerComesBackIdentical) {
  for (const RankerRow& row : rankers()) {
    if (!row.is_listed) continue;
    for (OrderMode mode : {OrderMode::planes, OrderMode::global}) {
      Ranking saved = rank(row.name, {model_, space_, mode, 5, "süß", &data_});
      save_ranking(saved, folder_ / "r.npz");
      Ranking loaded = load_ranking(folder_ / "r.npz");
      EXPECT_EQ(loaded.method, saved.method);
      EXPECT_EQ(loaded.order_mode, saved.order_mode);
      EXPECT_EQ(loaded.suffix, saved.suffix);
      EXPECT_EQ(loaded.model_digest, saved.model_digest);
      EXPECT_EQ(loaded.bit_space_digest, saved.bit_space_digest);
      EXPECT_EQ(loaded.options, saved.options);
      EXPECT_EQ(loaded.data_digest, saved.data_digest);
      EXPECT_EQ(loaded.seed, saved.seed);
      EXPECT_EQ(loaded.seconds, saved.seconds);
      EXPECT_EQ(loaded.order, saved.order);
      EXPECT_EQ(loaded.score, saved.score);
      EXPECT_EQ(loaded.digest(), saved.digest());
    }
  }
}

TEST_F(RankingFile, RankingTwiceGivesTheSameBytesButForTheTime) {
  for (const RankerRow& row : rankers()) {
    if (!row.is_listed) continue;
    RankRequest request{model_, space_, row.order, 1, "", &data_};
    Ranking once = rank(row.name, request), twice = rank(row.name, request);
    once.seconds = twice.seconds = 0.25;
    EXPECT_EQ(ranking_to_npz(once), ranking_to_npz(twice)) << row.name;
  }
}

TEST_F(RankingFile, BytesDoNotDependOnTheClockOrTheTimeZone) {
  std::string here = ranking_to_npz(small_ranking());
  const char* zone = std::getenv("TZ");
  std::string before = zone == nullptr ? "" : zone;
  ::setenv("TZ", "Asia/Tokyo", 1);
  EXPECT_EQ(ranking_to_npz(small_ranking()), here);
  zone == nullptr ? ::unsetenv("TZ") : ::setenv("TZ", before.c_str(), 1);
}

TEST_F(RankingFile, SeedsAndScoresKeepEveryBit) {
  Ranking ranking = small_ranking();
  ranking.score[3] = std::numeric_limits<double>::denorm_min();
  Ranking loaded = ranking_from_npz(ranking_to_npz(ranking), "r");
  EXPECT_EQ(loaded.seed, ranking.seed);
  EXPECT_EQ(loaded.score, ranking.score);
}

TEST_F(RankingFile, NumpyReadsOrderAndScore) {
  save_ranking(small_ranking(), folder_ / "r.npz");
  std::string command =
      "/usr/bin/python3 -c \"import numpy, sys, json; r = numpy.load(sys.argv[1]); "
      "assert r['order'].dtype == numpy.uint32 and r['order'].tolist() == [2, 0, 3, 1]; "
      "assert r['score'].dtype == numpy.float64 and r['score'].tolist() == [0.5, -1.25, 1e300, 0]; "
      "assert json.loads(r['header.json'])['bits'] == 4\" " +
      (folder_ / "r.npz").string();
  if (std::system("/usr/bin/python3 -c 'import numpy' 2>/dev/null") != 0)
    GTEST_SKIP() << "python3 with numpy is not here";
  EXPECT_EQ(std::system(command.c_str()), 0);
}

TEST_F(RankingFile, AnEmptyRankingIsARanking) {
  Ranking ranking = small_ranking();
  ranking.order.clear();
  ranking.score.clear();
  EXPECT_TRUE(ranking_from_npz(ranking_to_npz(ranking), "r").order.empty());
}

TEST_F(RankingFile, RanksInvertTheOrder) {
  EXPECT_EQ(*small_ranking().ranks(), (std::vector<uint32_t>{1, 3, 0, 2}));
}

TEST_F(RankingFile, TheDigestTellsWhatIdentifiesARanking) {
  std::string digest = small_ranking().digest();
  auto changed = [&](auto change) {
    Ranking ranking = small_ranking();
    change(ranking);
    return ranking.digest() != digest;
  };
  EXPECT_TRUE(changed([](Ranking& r) { std::swap(r.order[0], r.order[1]); }));
  EXPECT_TRUE(changed([](Ranking& r) { r.method = "bitwise_msb"; }));
  EXPECT_TRUE(changed([](Ranking& r) { r.order_mode = "global"; }));
  EXPECT_TRUE(changed([](Ranking& r) { r.bit_space_digest = "other"; }));
  EXPECT_FALSE(changed([](Ranking& r) { r.seconds = 9; }));
  EXPECT_FALSE(changed([](Ranking& r) { r.options = "k=3"; })) << "the order is what protects";
}

TEST_F(RankingFile, AMissingFileIsAnInputError) {
  EXPECT_THROW(load_ranking(folder_ / "none.npz"), InputError);
}

TEST_F(RankingFile, ForeignFilesAreRefused) {
  expect_refused("", "0 bytes");
  expect_refused("rank,bit\n1,2\n", "not a whole zip archive");
  NpzMember other[] = {{"weights.npy", kScore, {}}};
  expect_refused(write_npz(other), "no member header.json");
  expect_refused(archive_of("[1, 2", kOrder, kScore), "not a JSON object");
  expect_refused(archive_of(header_with("netsurf ranking", "netsurf store"), kOrder, kScore),
                 "netsurf store");
}

TEST_F(RankingFile, EveryTruncationIsRefused) {
  std::string bytes = ranking_to_npz(small_ranking());
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THROW(ranking_from_npz(std::string_view(bytes).substr(0, size), "r"), FormatError) << size;
  }
}

TEST_F(RankingFile, FlippedBitsNeverGiveAnotherOrder) {
  std::string good = ranking_to_npz(small_ranking());
  for (size_t at = 0; at < good.size(); ++at) {
    std::string bytes = good;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
    try {
      Ranking ranking = ranking_from_npz(bytes, "r");
      EXPECT_EQ(ranking.order, small_ranking().order) << at;
      EXPECT_EQ(ranking.score, small_ranking().score) << at;
    } catch (const FormatError&) {
    }
  }
}

TEST_F(RankingFile, ANewerVersionIsRefusedWithTheRemedy) {
  expect_refused(archive_of(header_with("\"version\": 1", "\"version\": 2"), kOrder, kScore),
                 "newer netsurf");
}

TEST_F(RankingFile, AWholeFileFromElsewhereIsAccepted) {
  EXPECT_EQ(ranking_from_npz(archive_of(header_with("random", "random"), kOrder, kScore), "r").order,
            small_ranking().order);
}

TEST_F(RankingFile, SettingsAndDataAreOptionalFieldsOfTheHeader) {
  Ranking old = ranking_from_npz(archive_of(header_with("random", "random"), kOrder, kScore), "r");
  EXPECT_EQ(old.options, "");
  EXPECT_EQ(old.data_digest, "");
  Ranking ranking = small_ranking();
  ranking.options = "k=3 \"q\"";
  ranking.data_digest = "data";
  Ranking loaded = ranking_from_npz(ranking_to_npz(ranking), "r");
  EXPECT_EQ(loaded.options, ranking.options);
  EXPECT_EQ(loaded.data_digest, ranking.data_digest);
  expect_refused(archive_of(header_with("\"bits\": 4", "\"bits\": 4, \"options\": 5"), kOrder, kScore),
                 "\"options\"");
}

TEST_F(RankingFile, WrongContentIsRefused) {
  std::string header = header_with("random", "random");
  expect_refused(archive_of(header, npy<uint32_t>("<u4", {2, 0, 2, 1}), kScore),
                 "order[2] is bit 2, which stands there twice");
  expect_refused(archive_of(header, npy<uint32_t>("<u4", {2, 0, 4, 1}), kScore), "beyond the 4 bits");
  expect_refused(archive_of(header, npy<uint32_t>("<u4", {0, 2, 3, 1}), kScore), "was changed");
  expect_refused(
      archive_of(header, kOrder, npy<double>("<f8", {0.5, std::numeric_limits<double>::quiet_NaN(), 1, 0})),
      "score of bit 1");
  expect_refused(archive_of(header, kOrder, npy<double>("<f8", {0.5, 1})), "score.npy");
  expect_refused(archive_of(header, kOrder, npy<float>("<f4", {0, 0, 0, 0, 0, 0, 0, 0})), "score.npy");
  expect_refused(archive_of(header, "", kScore), "order.npy has 0 bytes");
}

TEST_F(RankingFile, WrongHeadersAreRefused) {
  auto refused = [](const char* from, const char* to, const char* part) {
    expect_refused(archive_of(header_with(from, to), kOrder, kScore), part);
  };
  refused("\"bits\": 4", "\"bits\": 4294967295", "expected a short preamble and 17179869180 bytes");
  refused("\"bits\": 4", "\"bits\": 99999999999", "fewer than 2^32");
  refused("\"bits\": 4", "\"bits\": -4", "\"bits\"");
  refused("\"bits\": 4, ", "", "\"bits\"");
  refused("\"seed\": 3", "\"seed\": 1.5", "\"seed\"");
  refused("planes", "plains", "plains");
  refused("\"random\"", "7", "\"method\"");
}

TEST_F(RankingFile, CompressedMembersAreRefused) {
  if (std::system("/usr/bin/python3 -c 'import numpy' 2>/dev/null") != 0)
    GTEST_SKIP() << "python3 with numpy is not here";
  std::string path = (folder_ / "packed.npz").string();
  std::string command =
      "/usr/bin/python3 -c \"import numpy, sys, zipfile; "
      "z = zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED); "
      "z.writestr('header.json', '{}' + ' ' * 100000)\" " +
      path;
  ASSERT_EQ(std::system(command.c_str()), 0);
  expect_refused(read_file(path, 1 << 20), "compressed");
}

TEST_F(RankingFile, BrokenRankingsAreNotSaved) {
  Ranking ranking = small_ranking();
  ranking.order[0] = 0;
  EXPECT_THROW(save_ranking(ranking, folder_ / "r.npz"), InputError);
  ranking = small_ranking();
  ranking.score[0] = std::numeric_limits<double>::infinity();
  EXPECT_THROW(save_ranking(ranking, folder_ / "r.npz"), InputError);
  ranking = small_ranking();
  ranking.suffix = "\xff\xfe";
  EXPECT_THROW(save_ranking(ranking, folder_ / "r.npz"), InputError);
  EXPECT_FALSE(fs::exists(folder_ / "r.npz"));
}

TEST_F(RankingFile, AFailedSaveLeavesTheOldFile) {
  save_ranking(small_ranking(), folder_ / "r.npz");
  Ranking broken = small_ranking();
  broken.score.pop_back();
  EXPECT_THROW(save_ranking(broken, folder_ / "r.npz"), InputError);
  EXPECT_EQ(load_ranking(folder_ / "r.npz").order, small_ranking().order);
  EXPECT_THROW(save_ranking(small_ranking(), "/dev/null/r.npz"), RunError);
}

}  // namespace
}  // namespace netsurf
