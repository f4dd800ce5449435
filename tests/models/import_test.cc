// Which reader a file goes to, whatever its name.
#include "models/import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "engine/base/error.h"
#include "models/qonnx/onnx_export.h"
#include "tests/models/expect_error.h"
#include "tests/support/models.h"
#include "tests/support/temp_dir.h"

namespace netsurf::foreign {
namespace {

using namespace std::string_literals;

TEST(Import, TensorFlowLiteIsRefusedWithWhatToDo) {
  TempDir folder;
  auto file = folder.write("model.onnx", "\x1c\0\0\0TFL3 and so on"s);
  expect_error<InputError>([&] { read_graph(file, {}); },
                           {"model.onnx", "TensorFlow Lite", "QuantizeLinear/DequantizeLinear"});
}

TEST(Import, AnArchitectureNeedsItsWeights) {
  TempDir folder;
  auto file = folder.write("model.json", "\n {\"class_name\": \"Sequential\"}");
  expect_error<InputError>([&] { read_graph(file, {}); }, {"model.json", "--weights"});
}

TEST(Import, WeightsGoWithAnArchitectureOnly) {
  TempDir folder;
  auto file = folder.write("model.h5", "\x89HDF\r\n\x1a\n"s);
  expect_error<InputError>([&] { read_graph(file, file); }, {"model.h5", "--weights", ".json"});
}

TEST(Import, WhatIsThereButNoFileIsNamed) {
  TempDir folder;
  expect_error<InputError>([&] { read_graph(folder.path() / "none.h5", {}); }, {"no such file", "none.h5"});
  expect_error<InputError>([&] { read_graph(folder.path(), {}); }, {"is a folder", ".onnx"});
}

TEST(Import, BytesOfNoKindAreRefusedByTheReaderTheyGoTo) {
  TempDir folder;
  expect_error<FormatError>([&] { read_graph(folder.write("a.onnx", "not a model"), {}); }, {"a.onnx"});
  expect_error<FormatError>([&] { read_graph(folder.write("b.onnx", ""), {}); }, {"b.onnx"});
  expect_error<FormatError>([&] { read_graph(folder.write("c.h5", "\x89HDF\r\n\x1a\n"s), {}); }, {"c.h5"});
  expect_error<FormatError>([&] { read_graph(folder.write("d.keras", "PK\x03\x04 no more"s), {}); },
                            {"d.keras"});
}

TEST(Import, OwnFilesAreKnownByTheirProperty) {
  TempDir folder;
  EXPECT_TRUE(is_own_file(folder.write("own.onnx", model_to_onnx(testing::tiny_mlp()))));
  EXPECT_FALSE(is_own_file(folder.write("plain.onnx", model_to_onnx(testing::tiny_mlp(), {.strict = true}))));
  EXPECT_FALSE(is_own_file(folder.write("text.onnx", "not a model")));
  EXPECT_FALSE(is_own_file(folder.write("weights.h5", "\x89HDF\r\n\x1a\n"s)));
}

TEST(Import, AStrictExportIsImportedToTheSameDigest) {
  TempDir folder;
  Model model = testing::tiny_mlp();
  auto file = folder.write("plain.onnx", model_to_onnx(model, {.strict = true}));
  EXPECT_EQ(import_network(file, {}, {}).model.digest(), model.digest());
}

TEST(Import, NotesSayWhereTheNetworkCameFrom) {
  TempDir folder;
  auto file = folder.write("plain.onnx", model_to_onnx(testing::tiny_mlp(), {.strict = true}));
  std::map<std::string, std::string> notes = import_network(file, {}, {}).model.notes();
  EXPECT_EQ(notes["source_file"], "plain.onnx");
  EXPECT_EQ(notes["source_sha256"].size(), 64u);
  EXPECT_EQ(notes["input_format"], "q<6,1,1>");
  EXPECT_FALSE(notes["source"].empty());
}

TEST(Import, ADifferenceIsOneLine) {
  EXPECT_EQ(
      difference_text({"relu1", 48234496, 37, 1}),
      "relu1: 37 of 48234496 accumulator values give another code than the file's float32 arithmetic, at "
      "most 1 apart");
  EXPECT_EQ(difference_text({"relu1", 10, 0, 0}),
            "relu1: 0 of 10 accumulator values give another code than the file's float32 arithmetic");
}

}  // namespace
}  // namespace netsurf::foreign
