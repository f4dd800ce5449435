// What the reader refuses: files that others wrote, edited or broke.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <random>

#include "tests/models/qonnx/imported_model.h"
#include "tests/models/qonnx/onnx_edits.h"
#include "tests/models/qonnx/onnx_models.h"

namespace netsurf {
namespace {

using testing::HasSubstr;

struct Case {
  std::function<void(onnx::ModelProto&)> edit;
  std::string expected;
};

void expect_refusals(const Model& model, const std::vector<Case>& cases) {
  for (const Case& each : cases) {
    std::string message = refusal(model, each.edit);
    EXPECT_THAT(message, HasSubstr(each.expected));
    EXPECT_THAT(message, HasSubstr("file.onnx"));
  }
}

TEST(OnnxRefused, EachOneWithItsPlaceWhatWasFoundAndWhatWasExpected) {
  auto attribute = [](const std::string& node, const std::string& name, int64_t value) {
    return [=](onnx::ModelProto& p) { attribute_of(node_of(p, node), name).set_i(value); };
  };
  auto scalar = [](const std::string& name, float value) {
    return [=](onnx::ModelProto& p) { set_float(initializer_of(p, name), 0, value); };
  };
  std::vector<Case> cases = {
      {[](auto& p) { node_of(p, "conv").set_op_type("ConvInteger"); },
       "\"conv\" (ConvInteger) is an operator that is not supported"},
      {[](auto& p) { node_of(p, "conv").set_domain("my.own"); }, "of domain \"my.own\""},
      {[](auto& p) { node_of(p, "conv").set_input(0, "nowhere"); },
       "reads tensor \"nowhere\", which no input"},
      {[](auto& p) { node_of(p, "conv").set_input(0, "sum_q"); }, "missing, or a cycle"},
      {[](auto& p) { node_of(p, "conv").set_input(0, "input"); }, "expected an image with channels first"},
      {[](auto& p) { node_of(p, "conv").set_input(1, "conv_kernel"); }, "has a kernel that is no parameter"},
      {[](auto& p) { node_of(p, "dense_matmul").set_input(1, "dense_kernel"); },
       "where a stored one is expected"},
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
      {attribute("average", "narrow", 1), "only the full range"},
      {attribute("dense_kernel_quant", "narrow", 1), "a stored tensor has the full range"},
      {attribute("relu", "narrow", 2), "narrow = 2, expected 0 or 1"},
      {scalar("relu_zeropt", 0.5f), "expected a whole number"},
      {attribute("relu", "signed", 2), "expected 0 or 1"},
      {[](auto& p) { attribute_of(node_of(p, "relu"), "rounding_mode").set_s("STOCHASTIC_ROUND"); },
       "\"STOCHASTIC_ROUND\", expected one of ROUND"},
      {[](auto& p) { attribute_of(node_of(p, "average"), "rounding_mode").set_s("FLOOR"); },
       "floor, expected ROUND (half to even) here"},
      {[](auto& p) { attribute_of(node_of(p, "dense_kernel_quant"), "rounding_mode").set_s("UP"); },
       "for a stored tensor"},
      {[](auto& p) { attribute_of(node_of(p, "relu"), "narrow").set_name("thin"); },
       "attribute \"thin\", which is not supported"},
      {scalar("hard_tanh_min", -2), "expected multiples of its step inside its range"},
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
      {[](auto& p) { p.mutable_metadata_props(0)->set_value("{\"version\":3}"); }, "use a newer NetSurf"},
      {[](auto& p) { p.clear_metadata_props(); }, "`netsurf import` reads files of others"},
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
      {[](auto& p) {
         set_float(initializer_of(p, "depthwise_kernel_quant_bitwidth"), 0, 1);
         p.mutable_metadata_props(0)->set_value("{\"version\":2}");
       },
       "is signed with one bit"},
      {[](auto& p) {
         *initializer_of(p, "dense_kernel").mutable_name() = "renamed";
         *node_of(p, "dense_kernel_quant").mutable_input(0) = "renamed";
       },
       "speaks of tensor \"dense_kernel\", which the graph does not use"},
  };
  expect_refusals(model_of_every_kind(), cases);
}

TEST(OnnxRefused, WhatImportsBringButNotAsWeWriteIt) {
  auto text = [](const std::string& node, const std::string& name, const std::string& value) {
    return [=](onnx::ModelProto& p) { attribute_of(node_of(p, node), name).set_s(value); };
  };
  auto real = [](const std::string& node, const std::string& name, float value) {
    return [=](onnx::ModelProto& p) { attribute_of(node_of(p, node), name).set_f(value); };
  };
  auto scalar = [](const std::string& name, size_t element, float value) {
    return [=](onnx::ModelProto& p) { set_float(initializer_of(p, name), element, value); };
  };
  auto property = [](const std::string& value) {
    return [=](onnx::ModelProto& p) { p.mutable_metadata_props(0)->set_value(value); };
  };
  std::vector<Case> cases = {
      {scalar("leaky_half", 0, 0.01f), "expected half a step and FLOOR, or minus half a step and CEIL"},
      {text("leaky", "rounding_mode", "CEIL"), "expected half a step and FLOOR"},
      {scalar("leaky_range_max", 0, 3.01f), "expected multiples of its step inside its range"},
      {scalar("leaky_range_max", 0, 100), "expected multiples of its step inside its range"},
      {scalar("leaky_range_min", 0, 3.95f), "expected multiples of its step inside its range"},
      {real("leaky_leaky", "alpha", -0.5f), "expected n 2^-k with n odd"},
      {real("leaky_leaky", "alpha", 2), "expected n 2^-k with n odd"},
      {real("leaky_leaky", "alpha", 0x1.8p-41f), "expected n 2^-k with n odd"},
      {real("leaky_leaky", "alpha", std::numeric_limits<float>::infinity()), "not finite"},
      {scalar("sum_ones", 1, 2), "has a kernel that is no parameter"},
      {real("steps", "out_scale", 0.3f), "expected whole codes of q<4,3,0>"},
      {real("steps", "out_scale", 1024), "expected whole codes of q<4,3,0>"},
      {real("steps", "out_scale", 0), "expected whole codes of q<4,3,0>"},
      {text("steps", "data_layout", "NHWC"), "has another data_layout than that of what it reads, NCHW"},
      {text("larger", "mode", "linear"), "resizes otherwise"},
      {text("larger", "nearest_mode", "ceil"), "resizes otherwise"},
      {scalar("larger_scales", 1, 2), "expected scales [1, 1, height, width]"},
      {scalar("larger_scales", 2, 1.5f), "expected scales [1, 1, height, width]"},
      {scalar("larger_scales", 2, 5000), "expected scales [1, 1, height, width]"},
      {[](auto& p) { attribute_of(node_of(p, "spread"), "output_padding").set_ints(0, 2); },
       "2 in its output_padding, expected 0 to 1"},
      {[](auto& p) { attribute_of(node_of(p, "spread"), "output_padding").add_ints(0); },
       "has 3 output_padding, expected 2"},
      {[](auto& p) { attribute_of(node_of(p, "spread"), "group").set_i(2); },
       "2 in its group, expected 1 to 1"},
      {scalar("input_unit_in", 0, -1), "expected a positive float32"},
      {scalar("last_unit", 0, 0), "expected a positive float32"},
      {scalar("votes_kernel_quant_scale", 0, 0.3f), "expected a power of two"},
      {property("{\"version\":2,\"formats\":{\"steps\":{\"bits\":4,\"fraction_bits\":1}}}"),
       "reads constant \"scale\" of more than 1 elements"},
      {property("{\"version\":2,\"constants\":{\"scale\":{\"bits\":28}}}"), "has no format in the"},
      {property("{\"version\":2,\"constants\":{\"scale\":{\"bits\":33}}}"),
       "33 in \"bits\", expected 1 to 32"},
      {property("{\"version\":2,\"constants\":{\"scale\":{\"signed\":true}}}"), "without \"bits\""},
      {property("{\"version\":2,\"constants\":{\"scale\":{\"bits\":8,\"signed\":1}}}"),
       "expected true or false"},
      {property("{\"version\":2,\"constants\":{\"scale\":8}}"), "expected objects"},
      {property("{\"version\":2,\"formats\":{\"steps\":{\"bits\":4,\"fraction_bits\":1e99}}}"),
       "expected -62 to 62"},
      {property("{\"version\":2,\"wraps\":[1]}"), "expected strings"},
      {[](auto& p) {
         std::string edited = p.metadata_props(0).value();
         size_t place = edited.find("\"wraps\":[\"wrapped\"");
         p.mutable_metadata_props(0)->set_value(edited.replace(place, 18, "\"wraps\":[\"dropped\""));
       },
       "speaks of tensor \"dropped\""},
  };
  expect_refusals(imported_model(), cases);
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
  std::vector<std::string> files = {model_to_onnx(model_of_every_kind()), model_to_onnx(imported_model())};
  std::mt19937_64 random(11);
  for (int round = 0; round < 6000; ++round) {
    std::string broken = files[static_cast<size_t>(round % 2)];
    for (int flips = 1 + round % 3; flips > 0; --flips) {
      broken[random() % broken.size()] = static_cast<char>(random());
    }
    expect_no_surprise(broken);
  }
}

TEST(OnnxBroken, FilesOfOthersAreRefusedWithTheCommandThatReadsThem) {
  std::filesystem::path folder = NETSURF_SHARED_DIR "/models";
  if (!std::filesystem::is_directory(folder)) GTEST_SKIP() << folder << " does not exist";
  int count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".onnx") continue;
    ++count;
    try {
      load_model(entry.path());
      ADD_FAILURE() << entry.path() << " was loaded";
    } catch (const FormatError& error) {
      EXPECT_THAT(error.what(), HasSubstr(entry.path().string()));
      EXPECT_THAT(error.what(), HasSubstr("`netsurf import` reads files of others"));
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
