// Samples from files named one by one, from folders of samples alone, and the third-party files as they lie.
#include "models/datasets_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <numeric>

#include "engine/base/error.h"
#include "models/datasets.h"
#include "tests/models/expect_error.h"
#include "tests/models/pack.h"
#include "tests/support/temp_dir.h"

namespace netsurf {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;

constexpr const char* kSharedData = NETSURF_SHARED_DIR "/data";

std::vector<float> floats(size_t count) {
  std::vector<float> values(count);
  std::iota(values.begin(), values.end(), 0.0f);
  return values;
}

Dataset load(std::vector<fs::path> files, bool with_answers = true) {
  return load_dataset_files(files, with_answers);
}

TEST(DatasetFiles, APairGivesTheTestSplitAlone) {
  TempDir folder;
  auto x = folder.write("x.npy", npy_array<float>("<f4", "(2, 3)", floats(6)));
  auto y = folder.write("y.npy", npy_array<int64_t>("<i8", "(2,)", {1, 0}));
  Dataset data = load({x, y});
  EXPECT_EQ(data.name, "x.npy + y.npy");
  EXPECT_EQ(data.train.count, 0);
  EXPECT_EQ(data.test.count, 2);
  EXPECT_EQ(data.task, Task::classification);
  EXPECT_THAT(data.test.labels, ElementsAre(1, 0));
}

TEST(DatasetFiles, InputsAloneHaveNoAnswers) {
  TempDir folder;
  Dataset data = load({folder.write("x.npy", npy_array<float>("<f4", "(2, 1, 2, 2)", floats(8)))});
  EXPECT_EQ(data.task, Task::comparison);
  EXPECT_EQ(data.test.shape, (Shape{1, 2, 2}));
  EXPECT_TRUE(data.test.labels.empty());
  EXPECT_TRUE(data.test.targets.empty());
}

TEST(DatasetFiles, ATablesLastColumnIsAnAnswerOnlyWhenAnswersAreWanted) {
  TempDir folder;
  auto table = folder.write("t.csv", "1,2,0\n3,4,1\n");
  EXPECT_EQ(load({table}).test.shape, Shape{2});
  EXPECT_THAT(load({table}).test.labels, ElementsAre(0, 1));
  EXPECT_EQ(load({table}, false).test.shape, Shape{3});
  EXPECT_EQ(load({table}, false).task, Task::comparison);
}

TEST(DatasetFiles, AnArchiveMayHoldAnswers) {
  TempDir folder;
  write_zip(folder.path() / "a.npz", {{"x.npy", npy_array<float>("<f4", "(2, 2)", floats(4))},
                                      {"y.npy", npy_array<int64_t>("<i8", "(2,)", {2, 1})}});
  write_zip(folder.path() / "b.npz", {{"x_test.npy", npy_array<float>("<f4", "(2, 2)", floats(4))}});
  write_zip(folder.path() / "c.npz", {{"z.npy", npy_array<float>("<f4", "(2, 2)", floats(4))}});
  EXPECT_THAT(load({folder.path() / "a.npz"}).test.labels, ElementsAre(2, 1));
  EXPECT_EQ(load({folder.path() / "b.npz"}).task, Task::comparison);
  expect_error<FormatError>([&] { load({folder.path() / "c.npz"}); }, {"c.npz", "x_test or x"});
}

TEST(DatasetFiles, LabelsOfMlperfTinyAreTheThirdField) {
  TempDir folder;
  auto x = folder.write("x.npy", npy_array<float>("<f4", "(2, 1)", floats(2)));
  EXPECT_THAT(load({x, folder.write("y.csv", "a_7.bin,12,7\nb.bin,12,0,640,128\n")}).test.labels,
              ElementsAre(7, 0));
  expect_error<FormatError>(
      [&] {
        load({x, folder.write("y.csv", "a.bin,12,12\nb.bin,12,0\n")});
      },
      {"y.csv", "a.bin"});
  expect_error<FormatError>(
      [&] {
        load({x, folder.write("y.csv", "a.bin,12,1\n")});
      },
      {"1 answers", "expected 2"});
}

TEST(DatasetFiles, ThreeFilesAreRefused) {
  expect_error<InputError>([] { load({"a", "b", "c"}); }, {"3 data files", "one", "two"});
}

TEST(DatasetFiles, AFolderOfSamplesAloneIsTheTestSplit) {
  TempDir folder;
  folder.write("mine/anything.npy", npy_array<float>("<f4", "(2, 1)", floats(2)));
  folder.write("mine/y_labels.csv", "a.bin,3,2\nb.bin,3,1\n");
  folder.write("plain/features.txt", "1 2\n3 4\n");
  folder.write("two/a.npy", npy_array<float>("<f4", "(2, 1)", floats(2)));
  folder.write("two/b.npy", npy_array<float>("<f4", "(2, 1)", floats(2)));
  Dataset mine = load_dataset("mine", folder.path());
  EXPECT_EQ(mine.train.count, 0);
  EXPECT_THAT(mine.test.labels, ElementsAre(2, 1));
  EXPECT_EQ(load_dataset("plain", folder.path()).task, Task::comparison);
  expect_error<InputError>([&] { load_dataset("two", folder.path()); }, {"holds none of"});
}

TEST(DatasetFiles, ChannelsFirstImagesAreTurned) {
  Dataset data;
  data.test.shape = {2, 1, 3};
  data.test.count = 2;
  data.test.values = floats(12);
  turn_channels_last(data);
  EXPECT_EQ(data.test.shape, (Shape{1, 3, 2}));
  EXPECT_THAT(data.test.values, ElementsAre(0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11));
  data.test.shape = {6};
  expect_error<InputError>([&] { turn_channels_last(data); }, {"no images"});
}

std::string wafer_header() {
  std::string header;
  for (int i = 0; i < 48; ++i) header += (i > 0 ? ",CALQ_" : "CALQ_") + std::to_string(i);
  return header + "\n";
}

std::string wafer(int cell, int charge, int other) {
  std::string line;
  for (int i = 0; i < 48; ++i)
    line += (i > 0 ? "," : "") + std::to_string(i == cell ? charge : i == 47 ? other : 0);
  return line + "\n";
}

TEST(DatasetFiles, WafersBecomeImagesBelowTwo) {
  TempDir folder;
  auto file = folder.write("w.csv", wafer_header() + wafer(28, 3, 2) + wafer(0, 0, 0) + wafer(4, 8, 0));
  Dataset data = load({file});
  ASSERT_EQ(data.test.count, 2);  // the wafer without charge is left out
  EXPECT_EQ(data.test.shape, (Shape{8, 8, 1}));
  EXPECT_EQ(data.test.values[0], 0.75f);      // cell 28: 3 / 4
  EXPECT_EQ(data.test.values[4 * 8], 0.5f);   // cell 47: 2 / 4
  EXPECT_EQ(data.test.values[64 + 5], 1.0f);  // cell 4: 8 / 8
  EXPECT_EQ(std::accumulate(data.test.values.begin(), data.test.values.end(), 0.0f), 2.25f);
  auto negative = folder.write("n.csv", wafer_header() + wafer(3, -1, 0));
  expect_error<FormatError>([&] { load({negative}); }, {"n.csv", "wafer 0", "negative"});
}

TEST(DatasetFiles, AFolderOfWafersIsCutLikeAnySetInOnePiece) {
  TempDir folder;
  std::string rows;
  for (int i = 1; i <= 10; ++i) rows += wafer(i, i, 0);
  folder.write("hgcal/a.csv", wafer_header() + rows);
  folder.write("hgcal/b.csv", wafer_header() + rows);
  Dataset data = load_dataset("hgcal", folder.path());
  EXPECT_EQ(data.task, Task::comparison);
  EXPECT_EQ(data.train.count, 14);
  EXPECT_EQ(data.validation.count, 2);
  EXPECT_EQ(data.test.count, 4);
}

TEST(DatasetFiles, TheThirdPartySetsAreReadAsTheyLie) {
  if (!fs::exists(kSharedData)) GTEST_SKIP() << "no data in " << kSharedData;
  struct Expected {
    const char* name;
    int64_t count;
    Shape shape;
    int num_classes;
  };
  for (const Expected& expected :
       {Expected{"kws01", 1000, {49, 10, 1}, 12}, Expected{"cifar10_ic01", 200, {32, 32, 3}, 10},
        Expected{"smartpixel", 10000, {16}, 3}, Expected{"mnist", 10000, {28, 28, 1}, 10},
        Expected{"hgcal", 15687, {8, 8, 1}, 0}}) {
    Dataset data = load_dataset(expected.name, kSharedData, Halves::test_only);
    EXPECT_EQ(data.test.count, expected.count) << expected.name;
    EXPECT_EQ(data.test.shape, expected.shape) << expected.name;
    EXPECT_EQ(data.num_classes, expected.num_classes) << expected.name;
  }
  Dataset pixels = load_dataset("smartpixel", kSharedData);
  std::array<int64_t, 3> histogram{};
  for (int32_t label : pixels.test.labels) ++histogram[static_cast<size_t>(label)];
  EXPECT_THAT(histogram, ElementsAre(4940, 2537, 2523));
}

}  // namespace
}  // namespace netsurf
