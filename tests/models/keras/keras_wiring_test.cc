// Who reads whom, and where each layer's tensors are found: Keras 2 and 3, nested and shared.
#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "models/keras/keras_reader.h"
#include "models/keras/weights.h"
#include "tests/models/keras/interpreter.h"
#include "tests/models/keras/keras_files.h"
#include "tests/models/pack.h"
#include "tests/support/temp_dir.h"

namespace netsurf::keras {
namespace {

using foreign::Graph;
using nlohmann::json;

json dense(const std::string& name, int units = 1) {
  return layer("Dense", name, {{"units", units}, {"use_bias", false}});
}

std::vector<double> run(const Graph& graph, const std::vector<double>& input) {
  return interpret(graph, input)[static_cast<size_t>(graph.output)].values;
}

std::vector<std::string> names_of(const Graph& graph) {
  std::vector<std::string> names;
  for (const foreign::Node& node : graph.nodes) names.push_back(node.name);
  return names;
}

NamedTensor scalar_kernel(const std::string& name, float value) { return {name, {1, 1}, {value}}; }

TEST(KerasWiring, OldSequentialModelsAreABareListWithTheShapeInTheFirstLayer) {
  json first = dense("fc");
  first["config"]["batch_input_shape"] = {nullptr, 1};
  json model = {{"class_name", "Sequential"}, {"config", json::array({first})}, {"keras_version", "2.0.5"}};
  Graph graph = graph_from_json(model.dump(), "net.json",
                                weights_file({{"fc", {scalar_kernel("fc/kernel:0", 3)}}}), "net.h5");
  EXPECT_EQ(names_of(graph), (std::vector<std::string>{"fc_input", "fc"}));
  EXPECT_EQ(run(graph, {2}), std::vector<double>{6});
  EXPECT_EQ(graph.name, "net");
}

TEST(KerasWiring, NestedModelsKeepTheirNamesAndFindTheirTensorsInOneGroup) {
  json inner = functional("inner", {input("x", {1}), reading(dense("a"), {"x"}), reading(dense("b"), {"a"})},
                          {"x"}, "b");
  inner = reading(inner, {"x"});
  json model = functional("net", {input("x", {1}), inner, reading(dense("a2"), {"inner"})}, {"x"}, "a2");
  // Keras 2 counts a nested model's own making as its call 0.
  model["config"]["layers"][2]["inbound_nodes"][0][0][1] = 1;
  LayerTensors tensors = {{"inner", {scalar_kernel("a/kernel:0", 2), scalar_kernel("b/kernel:0", 3)}},
                          {"a2", {scalar_kernel("a2/kernel:0", 5)}}};
  Graph graph = graph_from_h5(whole_file(model, tensors), "net.h5");
  EXPECT_EQ(names_of(graph), (std::vector<std::string>{"x", "inner/a", "inner/b", "a2"}));
  EXPECT_EQ(run(graph, {1}), std::vector<double>{30});
  Graph apart = graph_from_json(model.dump(), "net.json", weights_file(tensors), "net.h5");
  EXPECT_EQ(run(apart, {1}), std::vector<double>{30});
}

TEST(KerasWiring, ASharedLayerIsCalledAgainUnderAnotherName) {
  json shared = reading(dense("fc"), {"x"});
  shared["inbound_nodes"].push_back(json::parse(R"([["fc", 0, 0, {}]])"));
  json model = functional("net", {input("x", {1}), shared}, {"x"}, "fc", 1);
  Graph graph = graph_from_h5(whole_file(model, {{"fc", {scalar_kernel("kernel:0", 3)}}}), "net.h5");
  EXPECT_EQ(names_of(graph), (std::vector<std::string>{"x", "fc", "fc/call2"}));
  EXPECT_EQ(run(graph, {1}), std::vector<double>{9});
}

TEST(KerasWiring, APruningWrapperIsTakenOffAndItsMaskIgnored) {
  json wrapper = layer("PruneLowMagnitude", "prune_fc", {{"layer", dense("fc")}});
  json model = sequential({input("x", {1}), wrapper});
  Graph graph = graph_from_h5(whole_file(model, {{"prune_fc",
                                                  {scalar_kernel("fc/kernel:0", 3),
                                                   scalar_kernel("prune_fc/mask:0", 0),
                                                   {"prune_fc/threshold:0", {}, {0}}}}}),
                              "net.h5");
  EXPECT_EQ(names_of(graph), (std::vector<std::string>{"x", "fc"}));
  EXPECT_EQ(run(graph, {1}), std::vector<double>{3});
}

TEST(KerasWiring, LongListsOfNamesAreReadFromTheirPieces) {
  Hdf5Writer writer;
  writer.group("fc");
  writer.fixed_texts("/", "layer_names0", {"x"});
  writer.fixed_texts("/", "layer_names1", {"fc"});
  writer.fixed_texts("fc", "weight_names0", {"fc/bias:0"});
  writer.fixed_texts("fc", "weight_names1", {"fc/kernel:0"});
  writer.tensor("fc/fc/kernel:0", {1, 1}, {3});
  Graph graph = graph_from_json(sequential({input("x", {1}), dense("fc")}).dump(), "net.json", writer.bytes(),
                                "net.h5");
  EXPECT_EQ(run(graph, {1}), std::vector<double>{3});
}

/// A Keras 3 functional model: history in arguments, tensors numbered in folders named after classes.
struct Keras3 {
  json config;
  std::string weights;
};

json tensor_of(const std::string& name) {
  return {{"class_name", "__keras_tensor__"},
          {"config", {{"shape", {nullptr, 1}}, {"keras_history", {name, 0, 0}}}}};
}

json reading3(json layer, const json& args) {
  layer["inbound_nodes"] = json::array({json{{"args", args}, {"kwargs", {{"training", false}}}}});
  layer["name"] = layer["config"]["name"];
  return layer;
}

Keras3 keras3_model() {
  json start = layer("InputLayer", "x", {{"batch_shape", {nullptr, 1}}});
  json both = json::array({tensor_of("a"), tensor_of("b")});
  json config = {{"name", "net"},
                 {"layers",
                  {start, reading3(dense("a"), json::array({tensor_of("x")})),
                   reading3(dense("b"), json::array({tensor_of("a")})),
                   reading3(layer("Add", "sum"), json::array({both}))}},
                 {"input_layers", {"x", 0, 0}},
                 {"output_layers", {"sum", 0, 0}}};
  Hdf5Writer writer;
  writer.tensor("layers/dense/vars/0", {1, 1}, {2});
  writer.variable_text("layers/dense/vars", "name", "a");
  writer.tensor("layers/dense_1/vars/0", {1, 1}, {5});
  return {{{"module", "keras.src.models.functional"}, {"class_name", "Functional"}, {"config", config}},
          writer.bytes()};
}

TEST(KerasWiring, Keras3ZipsAreReadByHistoryAndByNumber) {
  Keras3 model = keras3_model();
  TempDir folder;
  write_zip(folder.path() / "net.keras", {{"config.json", model.config.dump()},
                                          {"metadata.json", R"({"keras_version": "3.4.0"})"},
                                          {"model.weights.h5", model.weights}});
  Graph graph = read_keras_zip(folder.path() / "net.keras");
  EXPECT_EQ(graph.source, "Keras 3 zip");
  EXPECT_EQ(names_of(graph), (std::vector<std::string>{"x", "a", "b", "sum"}));
  EXPECT_EQ(run(graph, {1}), std::vector<double>{12});
}

TEST(KerasWiring, ClassNamesBecomeFolderNamesAsInKeras3) {
  EXPECT_EQ(snake_case("Dense"), "dense");
  EXPECT_EQ(snake_case("QDense"), "q_dense");
  EXPECT_EQ(snake_case("QConv2DBatchnorm"), "q_conv2d_batchnorm");
  EXPECT_EQ(snake_case("MaxPooling2D"), "max_pooling2d");
  EXPECT_EQ(snake_case("BatchNormalization"), "batch_normalization");
  EXPECT_EQ(snake_case("ReLU"), "re_lu");
  EXPECT_EQ(snake_case("LeakyReLU"), "leaky_re_lu");
  EXPECT_EQ(snake_case("Conv2DTranspose"), "conv2d_transpose");
}

}  // namespace
}  // namespace netsurf::keras
