// What the reader does with files that others wrote, edited or broke.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <random>

#include "models/onnx_export.h"
#include "models/onnx_import.h"
#include "models/onnx_proto.h"
#include "tests/models/onnx_models.h"

namespace netsurf {
namespace {

using testing::HasSubstr;

onnx::ModelProto saved(const Model& model) {
  onnx::ModelProto proto;
  EXPECT_TRUE(proto.ParseFromString(model_to_onnx(model)));
  return proto;
}

Model load(const onnx::ModelProto& proto) { return model_from_onnx(proto.SerializeAsString(), "file.onnx"); }

/// The message of the refusal of a saved model after `edit`.
std::string refusal(const std::function<void(onnx::ModelProto&)>& edit) {
  onnx::ModelProto proto = saved(model_of_every_kind());
  edit(proto);
  try {
    load(proto);
  } catch (const FormatError& error) {
    return error.what();
  } catch (const InputError& error) {
    return error.what();
  }
  return "loaded";
}

onnx::NodeProto& node_of(onnx::ModelProto& proto, const std::string& output) {
  for (auto& node : *proto.mutable_graph()->mutable_node()) {
    if (node.output(0) == output) return node;
  }
  throw std::logic_error("no node gives " + output);
}

onnx::TensorProto& initializer_of(onnx::ModelProto& proto, const std::string& name) {
  for (auto& tensor : *proto.mutable_graph()->mutable_initializer()) {
    if (tensor.name() == name) return tensor;
  }
  throw std::logic_error("no initializer " + name);
}

void set_float(onnx::TensorProto& tensor, size_t element, float value) {
  tensor.mutable_raw_data()->replace(element * sizeof value, sizeof value,
                                     reinterpret_cast<const char*>(&value), sizeof value);
}

onnx::AttributeProto& attribute_of(onnx::NodeProto& node, const std::string& name) {
  for (auto& attribute : *node.mutable_attribute()) {
    if (attribute.name() == name) return attribute;
  }
  throw std::logic_error("no attribute " + name);
}

TEST(OnnxEdited, AChangedWeightChangesTheModel) {
  Model model = model_of_every_kind(true);
  onnx::ModelProto proto = saved(model);
  // Input 1, output 0 of [in, 10] is element 1 of NetSurf's [10, in].
  set_float(initializer_of(proto, "dense_kernel"), 10, 0.75f);
  Model found = load(proto);
  EXPECT_NE(found.digest(), model.digest());
  for (size_t i = 0; i < found.parameters().size(); ++i) {
    std::vector<int32_t> expected = model.parameters()[i].codes;
    if (found.parameters()[i].name == "dense_kernel") expected[1] = 6;
    EXPECT_EQ(found.parameters()[i].codes, expected);
  }
}

TEST(OnnxEdited, AChangedBitWidthChangesTheModel) {
  Model model = model_of_every_kind();
  onnx::ModelProto proto = saved(model);
  set_float(initializer_of(proto, "relu_bitwidth"), 0, 7);
  EXPECT_NE(load(proto).digest(), model.digest());
}

TEST(OnnxEdited, WithoutThePropertyNamesNotesAndMasksAreDefaults) {
  Model model = model_of_every_kind(true);
  onnx::ModelProto proto = saved(model);
  proto.clear_metadata_props();
  Model found = load(proto);
  EXPECT_EQ(found.digest(), model.digest());
  EXPECT_TRUE(found.notes().empty());
  EXPECT_EQ(found.layers()[1].name, model.layers()[1].name);
}

TEST(OnnxEdited, OldDomainsOfQuantMeanTheSame) {
  Model model = model_of_every_kind();
  for (std::string domain : {"onnx.brevitas", "finn.custom_op.general"}) {
    onnx::ModelProto proto = saved(model);
    for (auto& node : *proto.mutable_graph()->mutable_node()) {
      if (node.op_type() == "Quant") node.set_domain(domain);
    }
    EXPECT_EQ(load(proto).digest(), model.digest()) << domain;
  }
}

TEST(OnnxEdited, ATransposedStoredMatrixIsReadToo) {
  Layer input, dense;
  input.shape = {2};
  input.format = make_format(4, 0, true);
  dense.kind = LayerKind::dense;
  dense.inputs = {0};
  dense.kernel = 0;
  Model model =
      Model::build("d", {input, dense}, {{"k", {3, 2}, make_format(4, 0, true), {1, 2, 3, 4, 5, 6}, {}}});
  onnx::ModelProto proto = saved(model);
  onnx::TensorProto& kernel = initializer_of(proto, "k");
  kernel.set_dims(0, 3);
  kernel.set_dims(1, 2);
  for (size_t i = 0; i < 6; ++i) set_float(kernel, i, static_cast<float>(i + 1));
  auto* nodes = proto.mutable_graph()->mutable_node();
  onnx::NodeProto& transpose = *nodes->Add();
  transpose.set_op_type("Transpose");
  transpose.add_input("k_quant");
  transpose.add_output("k_turned");
  nodes->SwapElements(nodes->size() - 1, nodes->size() - 2);
  nodes->rbegin()->set_input(1, "k_turned");
  EXPECT_EQ(load(proto).digest(), model.digest());
}

TEST(OnnxRefused, EachOneWithItsPlaceWhatWasFoundAndWhatWasExpected) {
  struct Case {
    std::function<void(onnx::ModelProto&)> edit;
    std::string expected;
  };
  auto attribute = [](const std::string& node, const std::string& name, int64_t value) {
    return [=](onnx::ModelProto& p) { attribute_of(node_of(p, node), name).set_i(value); };
  };
  auto scalar = [](const std::string& name, float value) {
    return [=](onnx::ModelProto& p) { set_float(initializer_of(p, name), 0, value); };
  };
  std::vector<Case> cases = {
      {[](auto& p) { node_of(p, "conv").set_op_type("ConvTranspose"); },
       "\"conv\" (ConvTranspose) is an operator that is not supported"},
      {[](auto& p) { node_of(p, "conv").set_domain("my.own"); }, "of domain \"my.own\""},
      {[](auto& p) { node_of(p, "conv").set_input(0, "nowhere"); },
       "reads tensor \"nowhere\", which no input"},
      {[](auto& p) { node_of(p, "conv").set_input(0, "sum_q"); }, "missing, or a cycle"},
      {[](auto& p) { node_of(p, "conv").set_input(0, "input"); }, "expected an image with channels first"},
      {[](auto& p) { node_of(p, "conv").set_input(1, "conv_kernel"); }, "where a stored one is expected"},
      {[](auto& p) { node_of(p, "dense").set_output(0, "conv"); }, "exists already"},
      {[](auto& p) { initializer_of(p, "conv_kernel").set_data_location(onnx::TensorProto::EXTERNAL); },
       "in another file"},
      {[](auto& p) { initializer_of(p, "conv_kernel").set_dims(0, 5); }, "does not hold the 90 numbers"},
      {[](auto& p) { initializer_of(p, "conv_kernel").set_dims(0, -4); }, "a dimension of size -4"},
      {[](auto& p) { initializer_of(p, "conv_kernel").set_dims(0, int64_t{1} << 31); },
       "a dimension of size 2147483648"},
      {[](auto& p) { initializer_of(p, "conv_kernel").set_dims(0, 2000000000); }, "of more than"},
      {[](auto& p) { initializer_of(p, "conv_kernel").add_dims(1); }, "5 dimensions, expected at most 4"},
      {[](auto& p) { initializer_of(p, "conv_kernel").set_data_type(onnx::TensorProto::FLOAT16); },
       "type 10"},
      {scalar("conv_kernel", std::numeric_limits<float>::quiet_NaN()), "not finite"},
      {scalar("relu_scale", 0.3f), "expected a power of two"},
      {scalar("relu_scale", -0.5f), "expected a power of two"},
      {scalar("relu_zeropt", 1), "expected 0"},
      {scalar("relu_bitwidth", 33), "expected a whole number from 1 to 32"},
      {scalar("relu_bitwidth", 3.5f), "expected a whole number from 1 to 32"},
      {scalar("relu_bitwidth", 17), "expected 1 to 16 bits"},
      {attribute("relu", "narrow", 1), "only the full range"},
      {attribute("relu", "signed", 2), "expected 0 or 1"},
      {[](auto& p) { attribute_of(node_of(p, "relu"), "rounding_mode").set_s("FLOOR"); },
       "\"FLOOR\", expected ROUND"},
      {[](auto& p) { attribute_of(node_of(p, "relu"), "narrow").set_name("thin"); },
       "attribute \"thin\", which is not supported"},
      {scalar("hard_tanh_min", -2), "expected [-1"},
      {scalar("hard_sigmoid_slope", 0.2f), "only hard sigmoid"},
      {scalar("average_scale", 0.5f), "rounds an average to"},
      {scalar("average_bitwidth", 9), "rounds an average to"},
      {attribute("conv", "group", 3), "groups do not divide"},
      {attribute("conv", "group", 0), "0 in its group, expected 1 to"},
      {[](auto& p) { attribute_of(node_of(p, "conv"), "strides").set_ints(0, 0); },
       "0 in its strides, expected 1 to 4096"},
      {[](auto& p) { attribute_of(node_of(p, "conv"), "pads").set_ints(0, -1); }, "-1 in its pads"},
      {[](auto& p) { attribute_of(node_of(p, "conv"), "pads").add_ints(1); }, "has 5 pads, expected 4"},
      {attribute("joined", "axis", 2), "expected the channel axis 1"},
      {attribute("flat", "axis", 2), "flattens from axis 2, expected 1"},
      {[](auto& p) { attribute_of(node_of(p, "input_nchw"), "perm").set_ints(1, 2); },
       "only an image may be transposed"},
      {[](auto& p) { node_of(p, "image").set_input(1, "last_kernel"); }, "of more than 4 elements"},
      {[](auto& p) {
         p.mutable_graph()
             ->mutable_input(0)
             ->mutable_type()
             ->mutable_tensor_type()
             ->mutable_shape()
             ->mutable_dim(1)
             ->set_dim_value(0);
       },
       "none"},
      {[](auto& p) {
         p.mutable_graph()
             ->mutable_input(0)
             ->mutable_type()
             ->mutable_tensor_type()
             ->mutable_shape()
             ->mutable_dim(1)
             ->set_dim_value(int64_t{1} << 40);
       },
       "more than 2^31 elements"},
      {[](auto& p) { *p.mutable_graph()->add_output() = p.graph().output(0); },
       "has 2 outputs, expected one"},
      {[](auto& p) { p.mutable_graph()->mutable_output(0)->set_name("flat"); }, "which other layers read"},
      {[](auto& p) { p.mutable_opset_import(0)->set_version(8); }, "version 8 of the ONNX operators"},
      {[](auto& p) { p.clear_graph(); }, "holds no ONNX graph"},
      {[](auto& p) { p.mutable_metadata_props(0)->set_value("{"); }, "is not a JSON object"},
      {[](auto& p) { p.mutable_metadata_props(0)->set_value("{\"version\":2}"); }, "use a newer NetSurf"},
      {[](auto& p) {
         p.mutable_metadata_props(0)->set_value("{\"version\":1,\"pruned\":{\"conv_kernel\":\"ff\"}}");
       },
       "prune mask of 1 bytes"},
      {[](auto& p) {
         p.mutable_metadata_props(0)->set_value("{\"version\":1,\"pruned\":{\"conv_kernel\":\"fx\"}}");
       },
       "not lower-case hex"},
      {[](auto& p) { p.mutable_metadata_props(0)->set_value("{\"version\":1,\"notes\":{\"a\":1}}"); },
       "expected strings"},
      {[](auto& p) { p.clear_metadata_props(); }, "is signed with one bit"},
      {[](auto& p) {
         *initializer_of(p, "dense_kernel").mutable_name() = "renamed";
         *node_of(p, "dense_kernel_quant").mutable_input(0) = "renamed";
       },
       "speaks of tensor \"dense_kernel\", which the graph does not use"},
  };
  for (const Case& each : cases) {
    std::string message = refusal(each.edit);
    EXPECT_THAT(message, HasSubstr(each.expected));
    EXPECT_THAT(message, HasSubstr("file.onnx"));
  }
}

TEST(OnnxRefused, APrunedWeightThatWasGivenAValue) {
  Model model = model_of_every_kind();
  onnx::ModelProto proto = saved(model);
  onnx::TensorProto& kernel = initializer_of(proto, "conv_kernel");
  for (size_t i = 0; i < 72; ++i) set_float(kernel, i, 0.5f);
  EXPECT_THROW(load(proto), InputError);
}

/// Loads bytes that may be anything; only the two refusals may come out.
void expect_no_surprise(const std::string& bytes) {
  try {
    model_from_onnx(bytes, "broken");
  } catch (const FormatError&) {
  } catch (const InputError&) {
  }
}

TEST(OnnxBroken, AFileCutAnywhereIsRefused) {
  std::string bytes = model_to_onnx(model_of_every_kind());
  for (size_t size = 0; size < bytes.size(); size += 97) {
    EXPECT_THROW(model_from_onnx(bytes.substr(0, size), "cut"), FormatError) << size;
  }
}

TEST(OnnxBroken, FlippedBytesAreReadOrRefusedButNeverCrash) {
  std::string bytes = model_to_onnx(model_of_every_kind());
  std::mt19937_64 random(11);
  for (int round = 0; round < 3000; ++round) {
    std::string broken = bytes;
    for (int flips = 1 + round % 3; flips > 0; --flips) {
      broken[random() % broken.size()] = static_cast<char>(random());
    }
    expect_no_surprise(broken);
  }
}

TEST(OnnxBroken, FilesOfOthersAreReadOrRefusedByName) {
  std::filesystem::path folder = NETSURF_SHARED_DIR "/models";
  if (!std::filesystem::is_directory(folder)) GTEST_SKIP() << folder << " does not exist";
  int count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".onnx") continue;
    ++count;
    try {
      load_model(entry.path());
    } catch (const FormatError& error) {
      EXPECT_THAT(error.what(), HasSubstr(entry.path().string()));
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), HasSubstr(entry.path().string()));
    }
  }
  EXPECT_GT(count, 0);
}

TEST(OnnxBroken, NoiseIsRefused) {
  std::mt19937_64 random(12);
  for (int round = 0; round < 200; ++round) {
    std::string noise(random() % 300, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    expect_no_surprise(noise);
  }
  EXPECT_THROW(model_from_onnx("", "empty"), FormatError);
}

}  // namespace
}  // namespace netsurf
