// HDF5 itself: what is read, what is refused, and that a file that breaks the library costs a child process
// only.
#include "models/keras/hdf5_file.h"

#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "tests/models/expect_error.h"
#include "tests/models/keras/keras_files.h"
#include "tests/support/temp_dir.h"

namespace netsurf::keras {
namespace {

TEST(Hdf5File, GroupsAttributesAndNumbersAreRead) {
  Hdf5Writer writer;
  writer.variable_text("/", "text", "variable");
  writer.group("a/b");
  writer.fixed_texts("a", "names", {"one", "three"});
  writer.fixed_texts("a", "none", {});
  writer.tensor("a/b/t", {2, 3}, {1, 2, 3, 4, 5, 6});
  writer.tensor("scalar", {}, {7});
  Hdf5Content content = read_hdf5(writer.bytes());
  EXPECT_EQ(content.groups.at("").at("text"), std::vector<std::string>{"variable"});
  EXPECT_EQ(content.groups.at("a").at("names"), (std::vector<std::string>{"one", "three"}));
  EXPECT_TRUE(content.groups.at("a").at("none").empty());
  EXPECT_TRUE(content.groups.contains("a/b"));
  EXPECT_EQ(content.tensors.at("a/b/t").sizes, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(content.tensors.at("a/b/t").values, (std::vector<float>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(content.tensors.at("scalar").values, std::vector<float>{7});
}

TEST(Hdf5File, OptimizerStateIsLeftOut) {
  Hdf5Writer writer;
  writer.tensor("optimizer_weights/m", {1}, {1});
  EXPECT_TRUE(read_hdf5(writer.bytes()).tensors.empty());
}

TEST(Hdf5File, IntegersAndDoublesBecomeFloats) {
  Hdf5Writer writer;
  hsize_t size = 2;
  hid_t space = H5Screate_simple(1, &size, nullptr);
  double doubles[] = {0.1, 1e300};
  hid_t d = H5Dcreate2(writer.id(), "d", H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  H5Dwrite(d, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, doubles);
  int8_t bytes[] = {-3, 4};
  hid_t i = H5Dcreate2(writer.id(), "i", H5T_STD_I8LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  H5Dwrite(i, H5T_NATIVE_INT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes);
  H5Dclose(d);
  H5Dclose(i);
  H5Sclose(space);
  Hdf5Content content = read_hdf5(writer.bytes());
  EXPECT_EQ(content.tensors.at("d").values[0], 0.1f);
  EXPECT_TRUE(std::isinf(content.tensors.at("d").values[1]));
  EXPECT_EQ(content.tensors.at("i").values, (std::vector<float>{-3, 4}));
}

TEST(Hdf5File, LinksToOtherPlacesAreRefused) {
  Hdf5Writer external;
  H5Lcreate_external("/etc/passwd", "/", external.id(), "out", H5P_DEFAULT, H5P_DEFAULT);
  expect_error<FormatError>([&] { read_hdf5(external.bytes()); }, {"\"out\"", "link"});
  Hdf5Writer soft;
  H5Lcreate_soft("/nowhere", soft.id(), "in", H5P_DEFAULT, H5P_DEFAULT);
  expect_error<FormatError>([&] { read_hdf5(soft.bytes()); }, {"\"in\"", "link"});
}

/// Makes a data set of 4 numbers with a creation list, and expects its refusal.
template <typename SetUp>
void refused_dataset(const SetUp& set_up, std::initializer_list<std::string_view> pieces) {
  Hdf5Writer writer;
  hsize_t size = 4;
  hid_t space = H5Screate_simple(1, &size, nullptr), list = H5Pcreate(H5P_DATASET_CREATE);
  set_up(list, space);
  hid_t dataset = H5Dcreate2(writer.id(), "t", H5T_IEEE_F32LE, space, H5P_DEFAULT, list, H5P_DEFAULT);
  ASSERT_GE(dataset, 0);
  H5Dclose(dataset);
  H5Pclose(list);
  H5Sclose(space);
  expect_error<FormatError>([&] { read_hdf5(writer.bytes()); }, pieces);
}

TEST(Hdf5File, ValuesInOtherFilesAndFiltersAreRefused) {
  refused_dataset([](hid_t list, hid_t) { H5Pset_external(list, "/etc/passwd", 0, 16); },
                  {"\"t\"", "another file"});
  refused_dataset([](hid_t list, hid_t space) { H5Pset_virtual(list, space, "other.h5", "t", space); },
                  {"\"t\"", "virtual"});
  refused_dataset(
      [](hid_t list, hid_t) {
        hsize_t chunk = 4;
        H5Pset_chunk(list, 1, &chunk);
        H5Pset_deflate(list, 9);
      },
      {"\"t\"", "compressed"});
}

TEST(Hdf5File, ShapesLargerThanTheFileAreRefused) {
  Hdf5Writer writer;
  hsize_t size = hsize_t{1} << 40, unlimited = H5S_UNLIMITED, chunk = 1;
  hid_t space = H5Screate_simple(1, &size, &unlimited), list = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(list, 1, &chunk);
  H5Dclose(H5Dcreate2(writer.id(), "huge", H5T_IEEE_F32LE, space, H5P_DEFAULT, list, H5P_DEFAULT));
  H5Pclose(list);
  H5Sclose(space);
  expect_error<FormatError>([&] { read_hdf5(writer.bytes()); }, {"\"huge\"", "1099511627776", "0 bytes"});
}

TEST(Hdf5File, GroupsThatHoldThemselvesAreRefused) {
  Hdf5Writer writer;
  writer.group("a");
  H5Lcreate_hard(writer.id(), "/", writer.id(), "a/root", H5P_DEFAULT, H5P_DEFAULT);
  expect_error<FormatError>([&] { read_hdf5(writer.bytes()); }, {"nested deeper"});
}

TEST(Hdf5File, WhatIsNoHdf5IsRefused) {
  expect_error<FormatError>([] { read_hdf5(""); }, {"empty"});
  expect_error<FormatError>([] { read_hdf5("no HDF5 at all"); }, {"HDF5"});
}

std::string sample_file() {
  return weights_file(
      {{"fc", {{"fc/kernel:0", {4, 4}, some_numbers(16)}, {"fc/bias:0", {4}, some_numbers(4)}}}});
}

TEST(Hdf5File, EveryTruncationIsReadOrRefused) {
  std::string whole = sample_file();
  int refused = 0;
  for (size_t size = 0; size < whole.size(); size += 97) {
    try {
      read_hdf5(std::string_view(whole).substr(0, size));
    } catch (const FormatError&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 10);
}

TEST(Hdf5File, EveryFlippedByteIsReadOrRefused) {
  std::string whole = sample_file();
  int refused = 0;
  for (size_t at = 0; at < whole.size(); at += 61) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0xff);
    try {
      read_hdf5(damaged);
    } catch (const FormatError&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 0);
}

TEST(Hdf5Content, PackedContentComesBackAndCutPacksAreRefused) {
  Hdf5Content content = read_hdf5(sample_file());
  std::string packed = pack(content);
  Hdf5Content again = unpack(packed);
  EXPECT_EQ(again.groups, content.groups);
  EXPECT_EQ(again.tensors.at("fc/fc/kernel:0").values, content.tensors.at("fc/fc/kernel:0").values);
  for (size_t size = 0; size < packed.size(); ++size) {
    EXPECT_THROW(unpack(std::string_view(packed).substr(0, size)), FormatError) << size;
  }
}

}  // namespace
}  // namespace netsurf::keras
