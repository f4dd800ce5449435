// What the reader makes of files that were edited after we wrote them.
#include <gtest/gtest.h>

#include "tests/models/qonnx/imported_model.h"
#include "tests/models/qonnx/onnx_edits.h"
#include "tests/models/qonnx/onnx_models.h"

namespace netsurf {
namespace {

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

TEST(OnnxEdited, AFileOfVersion1MeansTheSame) {
  // It gave a signed format of one bit its one bit; for the rest it knew less.
  Model model = model_of_every_kind();
  onnx::ModelProto proto = saved(model);
  set_float(initializer_of(proto, "depthwise_kernel_quant_bitwidth"), 0, 1);
  std::string text = proto.metadata_props(0).value();
  size_t version = text.find("\"version\":2");
  ASSERT_NE(version, std::string::npos);
  proto.mutable_metadata_props(0)->set_value(text.replace(version, 11, "\"version\":1"));
  expect_same(load(proto), model);
}

TEST(OnnxEdited, NamesNotesAndMasksThatThePropertyLeavesOutAreDefaults) {
  Model model = model_of_every_kind(true);
  onnx::ModelProto proto = saved(model);
  proto.mutable_metadata_props(0)->set_value("{\"version\":2}");
  Model found = load(proto);
  EXPECT_EQ(found.digest(), model.digest());
  EXPECT_TRUE(found.notes().empty());
  EXPECT_EQ(found.layers()[1].name, model.layers()[1].name);
}

TEST(OnnxEdited, AChangedRangeRoundingThresholdOrUnitChangesTheModel) {
  Model model = imported_model();
  std::vector<std::function<void(onnx::ModelProto&)>> edits = {
      [](auto& p) { set_float(initializer_of(p, "leaky_range_max"), 0, 3); },
      [](auto& p) { attribute_of(node_of(p, "narrow"), "narrow").set_i(0); },
      [](auto& p) { attribute_of(node_of(p, "narrow"), "rounding_mode").set_s("up"); },
      [](auto& p) { attribute_of(node_of(p, "leaky_leaky"), "alpha").set_f(0.5f); },
      [](auto& p) { attribute_of(node_of(p, "steps"), "out_bias").set_f(0); },
      [](auto& p) { set_float(initializer_of(p, "steps_at"), 0, 1.5f); },
      [](auto& p) { set_float(initializer_of(p, "input_unit_in"), 0, 0.25f); },
      [](auto& p) { set_float(initializer_of(p, "last_unit"), 0, 1); },
      [](auto& p) { set_float(initializer_of(p, "shifted_kernel_quant_zeropt"), 0, 6); },
      [](auto& p) { set_float(initializer_of(p, "shift"), 0, -0.25f); },
  };
  for (size_t i = 0; i < edits.size(); ++i) {
    onnx::ModelProto proto = saved(model);
    edits[i](proto);
    try {
      EXPECT_NE(load(proto).digest(), model.digest()) << "edit " << i;
    } catch (const FormatError& error) {
      ADD_FAILURE() << "edit " << i << ": " << error.what();
    }
  }
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

}  // namespace
}  // namespace netsurf
