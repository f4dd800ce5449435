// Files that are wrong, by accident or by design: one line each, naming file, layer and attribute.
#include <gtest/gtest.h>

#include <cmath>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "models/keras/keras_reader.h"
#include "tests/models/expect_error.h"
#include "tests/models/keras/keras_files.h"
#include "tests/models/pack.h"
#include "tests/support/temp_dir.h"

namespace netsurf::keras {
namespace {

using nlohmann::json;
using Pieces = std::initializer_list<std::string_view>;

const LayerTensors kTensors = {{"fc", {{"fc/kernel:0", {1, 1}, {2}}, {"fc/bias:0", {1}, {1}}}}};

/// `config`, and what it leaves out from `defaults`.
json with_defaults(json config, const json& defaults) {
  for (const auto& [key, value] : defaults.items()) {
    if (!config.contains(key)) config[key] = value;
  }
  return config;
}

json dense(json config = json::object()) {
  config = with_defaults(std::move(config), {{"units", 1}});
  return layer("Dense", "fc", config);
}

void refused(const json& model, Pieces pieces, const LayerTensors& tensors = kTensors) {
  expect_error<FormatError>([&] { graph_from_h5(whole_file(model, tensors), "net.h5"); }, pieces);
}

void refused_json(const std::string& text, Pieces pieces) {
  expect_error<FormatError>([&] { graph_from_json(text, "net.json", weights_file(kTensors), "net.h5"); },
                            pieces);
}

TEST(KerasUntrusted, TheModelTheTestsBreakIsReadWhenItIsWhole) {
  EXPECT_EQ(
      graph_from_h5(whole_file(sequential({input("x", {1}), dense()}), kTensors), "net.h5").nodes.size(), 3u);
}

TEST(KerasUntrusted, UnknownLayersAreRefusedWithTheNearestName) {
  refused(sequential({input("x", {1}), layer("Densee", "fc")}), {"net.h5", "\"fc\"", "Densee", "Dense"});
  refused(sequential({input("x", {1}), layer("Lambda", "fc")}), {"\"fc\"", "Lambda", "Python"});
  refused(sequential({input("x", {1}), layer("LSTM", "fc")}), {"LSTM", "recurrent"});
}

TEST(KerasUntrusted, MissingAndMisshapenTensorsAreNamed) {
  json model = sequential({input("x", {1}), dense()});
  refused(model, {"\"fc\"", "kernel"}, {{"fc", {{"fc/bias:0", {1}, {1}}}}});
  refused(model, {"\"fc\"", "group", "belong together"}, {{"other", {}}});
  refused(model, {"\"fc\"", "kernel", "1x2", "1x1"}, {{"fc", {{"fc/kernel:0", {1, 2}, {1, 2}}}}});
  refused(model, {"\"fc\"", "kernel", "2 tensors"},
          {{"fc", {{"fc/kernel:0", {1, 1}, {1}}, {"again/kernel:0", {1, 1}, {1}}}}});
  refused(model, {"\"fc\"", "kernel", "finite"}, {{"fc", {{"fc/kernel:0", {1, 1}, {INFINITY}}}}});
}

TEST(KerasUntrusted, AttributesOfTheWrongKindAreNamed) {
  auto refused_config = [](const json& config, Pieces pieces) {
    refused(sequential({input("x", {1}), dense(config)}), pieces);
  };
  refused_config({{"units", "many"}}, {"\"fc\"", "Dense", "units", "many"});
  refused_config({{"units", 0}}, {"units", "0"});
  refused_config({{"units", 1.5}}, {"units", "1.5"});
  refused_config({{"units", 1e300}}, {"units"});
  refused_config({{"units", nullptr}}, {"units", "missing"});
  refused_config({{"use_bias", "yes"}}, {"use_bias"});
  refused_config({{"activation", 3}}, {"activation"});
  refused_config({{"kernel_quantizer", json::array()}}, {"kernel_quantizer"});
  refused_config({{"kernel_quantizer", {{"class_name", 5}}}}, {"kernel_quantizer", "class_name"});
  refused_config({{"bias_quantizer", "quantized_po2(4)"}}, {"bias_quantizer", "quantized_po2"});
}

TEST(KerasUntrusted, ConvolutionsThatCannotBeAreRefused) {
  auto refused_conv = [](json config, Pieces pieces) {
    config = with_defaults(std::move(config), {{"filters", 1}, {"kernel_size", {2, 2}}});
    refused(sequential({input("x", {4, 4, 2}), layer("Conv2D", "conv", config)}), pieces);
  };
  refused_conv({{"padding", "causal"}}, {"\"conv\"", "padding", "causal"});
  refused_conv({{"data_format", "channels_first"}}, {"data_format", "channels_first"});
  refused_conv({{"kernel_size", {2, 2, 2}}}, {"kernel_size"});
  refused_conv({{"kernel_size", 100000000}}, {"kernel_size"});
  refused_conv({{"strides", {0, 1}}}, {"strides", "0"});
  refused_conv({{"groups", 3}}, {"groups", "divisor"});
  refused_conv({{"filters", -1}}, {"filters"});
  refused(sequential({input("x", {4, 4, 2}), layer("MaxPooling2D", "pool", {{"pool_size", {9, 9}}})}),
          {"\"pool\"", "9x9", "fit"});
  refused(sequential({input("x", {4}), layer("Conv2D", "conv", {{"filters", 1}})}), {"\"conv\"", "height"});
}

TEST(KerasUntrusted, AbsurdShapesAreRefusedBeforeAnythingIsAllocated) {
  refused(sequential({input("x", {1 << 24, 1 << 24, 3}), layer("Flatten", "flat")}), {"elements"});
  refused(sequential({input("x", {-4}), dense()}), {"\"x\"", "-4"});
  refused(sequential({input("x", {2, 2, 2, 2}), layer("Flatten", "flat")}), {"\"x\"", "dimensions"});
  json open = input("x", {1, 1});
  open["config"]["batch_input_shape"][1] = nullptr;
  refused(sequential({open, dense()}), {"\"x\"", "null", "open"});
  refused(sequential({dense()}), {"\"fc\"", "input shape"});
  refused(sequential({input("x", {4}), layer("Reshape", "r", {{"target_shape", {3, -1}}})}),
          {"\"r\"", "target_shape", "4"});
  refused(sequential({input("x", {4096, 1, 1}), layer("UpSampling2D", "up", {{"size", {4096, 4096}}})}),
          {"\"up\""});
}

TEST(KerasUntrusted, CyclesAndDanglingReferencesAreRefused) {
  json a = reading(layer("Activation", "a", {{"activation", "relu"}}), {"b"});
  json b = reading(layer("Activation", "b", {{"activation", "relu"}}), {"a"});
  refused(functional("net", {input("x", {1}), a, b}, {"x"}, "b"), {"cycle"});
  refused(functional("net", {input("x", {1}), reading(dense(), {"ghost"})}, {"x"}, "fc"),
          {"\"fc\"", "ghost"});
  refused(functional("net", {input("x", {1}), reading(dense(), {"x"})}, {"x"}, "ghost"),
          {"output_layers", "ghost"});
  refused(functional("net", {input("x", {1}), reading(dense(), {"x"})}, {"x"}, "fc", 7), {"call 7"});
  refused(functional("net", {input("x", {1}), reading(dense(), {"x"}), reading(dense(), {"x"})}, {"x"}, "fc"),
          {"two layers", "fc"});
  refused(functional("net", {input("x", {1}), reading(dense(), {"x", "x"})}, {"x"}, "fc"),
          {"\"fc\"", "2 tensors"});
  refused(functional("net", {input("x", {1}), reading(dense(), {})}, {"x"}, "fc"), {"\"fc\"", "0 tensors"});
  json two = functional("net", {input("x", {1}), reading(dense(), {"x"})}, {"x"}, "fc");
  two["config"]["output_layers"].push_back({"x", 0, 0});
  refused(two, {"output_layers", "one output"});
  json odd = functional("net", {input("x", {1}), reading(dense(), {"x"})}, {"x"}, "fc");
  odd["config"]["layers"][1]["inbound_nodes"] = json::parse(R"([[["x", 0]]])");
  refused(odd, {"\"fc\"", "inbound node"});
}

TEST(KerasUntrusted, ModelsThatCallEachOtherExponentiallyOftenAreCutShort) {
  json model = functional("m0", {input("x", {1}), reading(layer("Dropout", "d"), {"x"})}, {"x"}, "d");
  for (int depth = 1; depth < 14; ++depth) {
    std::string name = "m" + std::to_string(depth - 1);
    json calls = json::array();
    for (int i = 0; i < 10; ++i)
      calls.push_back(json::array({json::array({i == 0 ? "x" : name, i == 0 ? 0 : i - 1, 0})}));
    model["name"] = name;
    model["inbound_nodes"] = calls;
    model = functional("m" + std::to_string(depth), {input("x", {1}), model}, {"x"}, name, 9);
  }
  refused(model, {"calls of layers"});
}

TEST(KerasUntrusted, NestingIsLimited) {
  json model = sequential({input("x", {1}), dense()});
  for (int depth = 0; depth < 20; ++depth) model = sequential({input("x", {1}), model});
  refused_json(model.dump(), {"net.json", "nested deeper"});
  refused_json(std::string(100000, '[') + std::string(100000, ']'), {"net.json", "nested deeper"});
  json wrapper = dense();
  for (int depth = 0; depth < 20; ++depth) wrapper = layer("PruneLowMagnitude", "p", {{"layer", wrapper}});
  refused_json(sequential({input("x", {1}), wrapper}).dump(), {"nested too deep"});
}

TEST(KerasUntrusted, JsonThatIsNoModelIsRefused) {
  refused_json("", {"net.json", "JSON"});
  refused_json("{\"class_name\": \"Sequ", {"net.json", "JSON", "byte"});
  refused_json(R"({"class_name": 1e999})", {"net.json", "JSON", "too large"});
  refused_json("[]", {"net.json", "object"});
  refused_json("{}", {"class_name"});
  refused_json(R"({"class_name": "Sequential"})", {"config"});
  refused_json(R"({"class_name": "Sequential", "config": 3})", {"config"});
  refused_json(R"({"class_name": "Sequential", "config": []})", {"0 layers"});
  refused_json(R"({"class_name": "Sequential", "config": {"layers": [4]}})", {"layer"});
  refused_json(R"({"class_name": "Subclassed", "config": {}})", {"Subclassed"});
  refused_json(
      R"({"class_name": "Functional", "config": {"layers": [{"class_name": "InputLayer", "config": {"name": "x"}}]}})",
      {"input_layers"});
}

TEST(KerasUntrusted, WeightsAloneAndOtherHdf5AreExplained) {
  expect_error<FormatError>([] { graph_from_h5(weights_file(kTensors), "w.h5"); },
                            {"w.h5", "model_config", "architecture"});
  Hdf5Writer empty;
  std::string bytes = empty.bytes(), model = sequential({input("x", {1}), dense()}).dump();
  expect_error<FormatError>([&] { graph_from_json(model, "net.json", bytes, "w.h5"); },
                            {"layer_names", "layers"});
}

TEST(KerasUntrusted, BrokenZipsAreRefused) {
  expect_error<FormatError>([] { graph_from_keras_zip("", "net.keras"); }, {"net.keras", "empty"});
  expect_error<FormatError>([] { graph_from_keras_zip("PK\3\4 nonsense", "net.keras"); },
                            {"net.keras", "zip"});
  TempDir folder;
  auto zipped = [&](const std::vector<std::pair<std::string, std::string>>& members) {
    write_zip(folder.path() / "net.keras", members);
    return read_file(folder.path() / "net.keras", 1 << 20);
  };
  std::string lonely = zipped({{"config.json", "{}"}});
  expect_error<FormatError>([&] { graph_from_keras_zip(lonely, "net.keras"); },
                            {"net.keras", "model.weights.h5"});
  std::string no_config = zipped({{"model.weights.h5", "x"}});
  expect_error<FormatError>([&] { graph_from_keras_zip(no_config, "net.keras"); }, {"config.json"});
  std::string bomb = zipped({{"config.json", std::string(65 << 20, ' ')}, {"model.weights.h5", "x"}});
  ASSERT_LT(bomb.size(), 100000u);
  expect_error<FormatError>([&] { graph_from_keras_zip(bomb, "net.keras"); },
                            {"config.json", "inflates to more than"});
}

TEST(KerasUntrusted, AMissingFileIsTheUsersToMend) {
  expect_error<InputError>([] { read_h5("/nonexistent/net.h5"); }, {"net.h5"});
}

}  // namespace
}  // namespace netsurf::keras
