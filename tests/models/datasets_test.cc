#include "models/datasets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "engine/base/error.h"
#include "tests/models/expect_error.h"
#include "tests/models/pack.h"
#include "tests/support/temp_dir.h"

namespace netsurf {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

/// Twelve 1x2 images, labels 0 1 2 0 1 2 ..., of which two are a test half.
struct Parts {
  std::string train_images, train_labels, test_images, test_labels;
};

Parts idx_parts() {
  return {idx_file({12, 1, 2}, std::string(24, '\x10')),
          idx_file({12}, std::string("\0\1\2\0\1\2\0\1\2\0\1\2", 12)), idx_file({2, 1, 2}, "abcd"),
          idx_file({2}, std::string("\2\0", 2))};
}

void write_idx(const TempDir& folder, const std::string& name, const Parts& parts) {
  folder.write(name + "/train-images-idx3-ubyte.gz", gzip(parts.train_images));
  folder.write(name + "/train-labels-idx1-ubyte", parts.train_labels);
  folder.write(name + "/t10k-images-idx3-ubyte", parts.test_images);
  folder.write(name + "/t10k-labels-idx1-ubyte.gz", gzip(parts.test_labels));
}

std::vector<float> ramp(size_t count) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = static_cast<float>(i);
  return values;
}

TEST(Datasets, IdxFilesBecomeImagesWithAValidationSplit) {
  TempDir folder;
  write_idx(folder, "mine", idx_parts());
  Dataset mine = load_dataset("mine", folder.path());
  EXPECT_EQ(mine.name, "mine");
  EXPECT_EQ(mine.task, Task::classification);
  EXPECT_EQ(mine.num_classes, 3);
  EXPECT_EQ(mine.train.shape, (Shape{1, 2, 1}));
  EXPECT_EQ(mine.train.count, 11);
  EXPECT_EQ(mine.validation.count, 1);
  EXPECT_EQ(mine.test.count, 2);
  EXPECT_THAT(mine.test.values, ElementsAre('a', 'b', 'c', 'd'));
  EXPECT_THAT(mine.test.labels, ElementsAre(2, 0));
}

TEST(Datasets, AMissingHalfIsNamedWithItsFolder) {
  TempDir folder;
  folder.write("fashion_mnist/t10k-images-idx3-ubyte", idx_file({2, 1, 2}, "abcd"));
  folder.write("fashion_mnist/t10k-labels-idx1-ubyte", idx_file({2}, std::string("\2\0", 2)));
  expect_error<InputError>([&] { load_dataset("fashion_mnist", folder.path()); },
                           {"train-images-idx3-ubyte.gz is missing",
                            (folder.path() / "fashion_mnist").string(), "netsurf data get fashion_mnist"});
  Dataset test_half = load_dataset("fashion_mnist", folder.path(), Halves::test_only);
  EXPECT_EQ(test_half.num_classes, 10);
  EXPECT_EQ(test_half.train.count, 0);
  EXPECT_EQ(test_half.test.count, 2);
}

TEST(Datasets, ContradictionsBetweenFilesAreRefused) {
  TempDir folder;
  Parts parts = idx_parts();
  parts.train_labels = idx_file({11}, std::string(11, '\0'));
  write_idx(folder, "counts", parts);
  expect_error<FormatError>([&] { load_dataset("counts", folder.path()); },
                            {"train-labels-idx1-ubyte", "11 answers", "expected 12", "train-images"});
  parts = idx_parts();
  parts.test_labels = idx_file({2}, std::string("\3\0", 2));
  write_idx(folder, "classes", parts);
  expect_error<FormatError>([&] { load_dataset("classes", folder.path()); },
                            {"t10k-labels", "labels up to 3", "at most 2"});
  parts = idx_parts();
  parts.test_images = idx_file({2, 2, 1}, "abcd");
  write_idx(folder, "shapes", parts);
  expect_error<FormatError>([&] { load_dataset("shapes", folder.path()); },
                            {"shape 2x1x1", "expected 1x2x1"});
  parts = idx_parts();
  parts.test_labels = idx_file({2}, "\x0a\x01");
  write_idx(folder, "mnist", parts);
  expect_error<FormatError>([&] { load_dataset("mnist", folder.path()); },
                            {"sample 0 has label 10", "expected 0 to 9"});
  parts = idx_parts();
  parts.train_images = idx_file({0, 1, 2}, "");
  write_idx(folder, "empty", parts);
  expect_error<FormatError>([&] { load_dataset("empty", folder.path()); }, {"no samples"});
}

TEST(Datasets, NpyFilesWithFloatTargetsAreRegression) {
  TempDir folder;
  folder.write("r/x_train.npy", npy_array<float>("<f4", "(12, 2)", ramp(24)));
  folder.write("r/y_train.npy", npy_array<float>("<f4", "(12,)", ramp(12)));
  folder.write("r/x_test.npy", npy_array<float>("<f4", "(1, 2)", {5, 6}));
  folder.write("r/y_test.npy", npy_array<float>("<f4", "(1, 1)", {0.5}));
  Dataset r = load_dataset("r", folder.path());
  EXPECT_EQ(r.task, Task::regression);
  EXPECT_EQ(r.num_classes, 0);
  EXPECT_EQ(r.train.shape, Shape{2});
  EXPECT_EQ(r.train.num_targets, 1);
  EXPECT_EQ(r.train.targets.size(), 11u);
  EXPECT_THAT(r.validation.targets, ElementsAre(11));
  EXPECT_THAT(r.test.targets, ElementsAre(0.5));
  EXPECT_TRUE(r.test.labels.empty());
}

TEST(Datasets, ValuesThatAreNotFiniteAreRefusedWithTheirPlace) {
  TempDir folder;
  std::vector<float> values = ramp(24);
  values[5] = NAN;
  folder.write("r/x_train.npy", npy_array<float>("<f4", "(12, 2)", values));
  folder.write("r/y_train.npy", npy_array<int64_t>("<i8", "(12,)", std::vector<int64_t>(12)));
  folder.write("r/x_test.npy", npy_array<float>("<f4", "(1, 2)", {5, 6}));
  expect_error<FormatError>([&] { load_dataset("r", folder.path()); },
                            {"x_train.npy", "sample 2, value 1 is nan"});
  folder.write("r/x_train.npy", npy_array<float>("<f4", "(12, 2)", ramp(24)));
  expect_error<InputError>([&] { load_dataset("r", folder.path()); },
                           {"y_test.npy is missing", "add it there"});
  folder.write("r/y_test.npy", npy_array<int64_t>("<i8", "(1,)", {-1}));
  expect_error<FormatError>([&] { load_dataset("r", folder.path()); },
                            {"y_test.npy", "label -1", "for regression"});
  folder.write("r/y_test.npy", npy_array<float>("<f4", "(1,)", {0.5}));
  expect_error<FormatError>([&] { load_dataset("r", folder.path()); },
                            {"regression targets, expected labels"});
}

TEST(Datasets, NpzArchivesTakeOneHotAndIntegerLabels) {
  TempDir folder;
  std::vector<float> one_hot(12 * 3);
  for (size_t i = 0; i < 12; ++i) one_hot[3 * i + i % 3] = 1;
  std::vector<std::pair<std::string, std::string>> members = {
      {"x_train.npy", npy_array<float>("<f4", "(12, 1, 1, 2)", ramp(24))},
      {"y_train.npy", npy_array<float>("<f4", "(12, 3)", one_hot)},
      {"x_test.npy", npy_array<float>("<f4", "(1, 1, 1, 2)", {5, 6})},
      {"y_test.npy", npy_array<int64_t>("<i8", "(1, 1)", {2})}};
  write_zip(folder.path() / "keras.npz", members);
  Dataset keras = load_dataset("keras", folder.path());
  EXPECT_EQ(keras.num_classes, 3);
  EXPECT_EQ(keras.train.shape, (Shape{1, 1, 2}));
  EXPECT_THAT(keras.train.labels, ElementsAre(0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1));
  EXPECT_THAT(keras.test.labels, ElementsAre(2));
  members.pop_back();
  write_zip(folder.path() / "keras.npz", members);
  expect_error<FormatError>([&] { load_dataset("keras", folder.path()); }, {"keras.npz", "no array y_test"});
}

TEST(Datasets, CsvColumnsAreLabelsOrTargets) {
  TempDir folder;
  std::string rows;
  for (int i = 0; i < 12; ++i) rows += std::to_string(i % 2) + "," + std::to_string(i) + ",3\n";
  folder.write("named/train.csv", "label,a,b\n" + rows);
  folder.write("named/test.csv", "label,a,b\n1,7,8\n");
  Dataset named = load_dataset("named", folder.path());
  EXPECT_EQ(named.num_classes, 2);
  EXPECT_THAT(named.test.values, ElementsAre(7, 8));
  EXPECT_THAT(named.test.labels, ElementsAre(1));

  folder.write("last/data.csv.gz", gzip(rows));
  Dataset last = load_dataset("last", folder.path());
  EXPECT_EQ(last.task, Task::classification);
  EXPECT_EQ(last.num_classes, 4);
  EXPECT_EQ(last.train.count + last.validation.count + last.test.count, 12);
  EXPECT_THAT(last.train.labels, Each(3));

  folder.write("whole_targets/data.csv", "a,b,target\n" + rows);
  EXPECT_EQ(load_dataset("whole_targets", folder.path()).task, Task::regression);
  folder.write("fractions/data.csv", rows + "1,1,3.5\n");
  EXPECT_EQ(load_dataset("fractions", folder.path()).task, Task::regression);
  folder.write("huge/data.csv", "a,b,label\n1,2,99999999999\n3,4,1\n");
  expect_error<FormatError>([&] { load_dataset("huge", folder.path()); },
                            {"label about 1e+11", "expected 0 to"});
  folder.write("thin/data.csv", "1\n2\n");
  expect_error<FormatError>([&] { load_dataset("thin", folder.path()); }, {"1 column"});
}

TEST(Datasets, UnknownNamesGetASuggestionAndUnsafeOnesAreRefused) {
  TempDir folder;
  folder.write("weather/data.csv", "1,2\n");
  expect_error<InputError>([&] { load_dataset("minst", folder.path()); },
                           {"\"minst\"", "mnist", folder.path().string()});
  expect_error<InputError>([&] { load_dataset("wether", folder.path()); }, {"did you mean \"weather\""});
  expect_error<InputError>([&] { load_dataset("mnist", folder.path()); },
                           {"mnist is not in", "netsurf data get mnist", "--datasets_dir"});
  for (const char* name : {"", "..", "../mnist", "/etc", "a/b", ".hidden", "a b"}) {
    expect_error<InputError>([&] { load_dataset(name, folder.path()); }, {"data set name"});
  }
  folder.write("bare/readme.txt", "nothing here");
  expect_error<InputError>([&] { load_dataset("bare", folder.path()); },
                           {"bare", "holds none of", "bare.npz", "data.csv"});
}

TEST(Datasets, RescaleChangesValuesAndLeavesTargetsAlone) {
  Dataset dataset;
  dataset.task = Task::regression;
  dataset.test.values = {0, 51, 255};
  dataset.test.targets = {7};
  rescale(dataset, 1.0 / 255, -0.5);
  EXPECT_THAT(dataset.test.values, ElementsAre(-0.5f, static_cast<float>(51.0 * (1.0 / 255) - 0.5), 0.5f));
  EXPECT_THAT(dataset.test.targets, ElementsAre(7));
  expect_error<InputError>([&] { rescale(dataset, NAN, 0); }, {"finite"});
}

TEST(Datasets, MnistIsWhatItsPublishersSay) {
  std::filesystem::path data = std::filesystem::path(NETSURF_SHARED_DIR) / "data";
  if (!std::filesystem::exists(data / "mnist")) GTEST_SKIP() << "no " << data / "mnist";
  Dataset mnist = load_dataset("mnist", data);
  EXPECT_EQ(mnist.num_classes, 10);
  EXPECT_EQ(mnist.train.shape, (Shape{28, 28, 1}));
  EXPECT_EQ(mnist.train.count, 55000);
  EXPECT_EQ(mnist.validation.count, 5000);
  EXPECT_EQ(mnist.test.count, 10000);
  std::vector<int> train(10), test(10);
  double sum = 0;
  for (const Samples* part : {&mnist.train, &mnist.validation}) {
    for (int32_t label : part->labels) ++train.at(static_cast<size_t>(label));
    for (float value : part->values) sum += value;
  }
  for (int32_t label : mnist.test.labels) ++test.at(static_cast<size_t>(label));
  EXPECT_THAT(train, ElementsAre(5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949));
  EXPECT_THAT(test, ElementsAre(980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009));
  EXPECT_NEAR(sum / (60000.0 * 784 * 255), 0.1307, 0.00005);
}

TEST(Datasets, FashionMnistWithoutItsTrainHalfCanStillBeEvaluated) {
  std::filesystem::path data = std::filesystem::path(NETSURF_SHARED_DIR) / "data";
  if (!std::filesystem::exists(data / "fashion_mnist")) GTEST_SKIP() << "no " << data / "fashion_mnist";
  if (std::filesystem::exists(data / "fashion_mnist/train-images-idx3-ubyte.gz"))
    GTEST_SKIP() << "the train half is there";
  expect_error<InputError>([&] { load_dataset("fashion_mnist", data); },
                           {"train-images-idx3-ubyte", "fashion_mnist"});
  std::vector<int> histogram(10);
  for (int32_t label : load_dataset("fashion_mnist", data, Halves::test_only).test.labels)
    ++histogram.at(static_cast<size_t>(label));
  EXPECT_THAT(histogram, Each(1000));
}

}  // namespace
}  // namespace netsurf
