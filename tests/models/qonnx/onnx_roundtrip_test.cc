#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>

#include "models/qonnx/onnx_export.h"
#include "models/qonnx/onnx_import.h"
#include "models/qonnx/onnx_proto.h"
#include "tests/models/qonnx/imported_model.h"
#include "tests/models/qonnx/onnx_models.h"
#include "tests/support/random_model.h"

namespace netsurf {
namespace {

TEST(OnnxRoundTrip, AModelOfEveryLayerKindComesBackIdentically) {
  Model model = model_of_every_kind();
  expect_same(model_from_onnx(model_to_onnx(model), "test"), model);
}

TEST(OnnxRoundTrip, AModelWithAllThatImportsBringComesBackIdentically) {
  for (bool is_plain : {false, true}) {
    Model model = imported_model(is_plain);
    expect_same(model_from_onnx(model_to_onnx(model), "test"), model);
  }
}

TEST(OnnxRoundTrip, DrawnModelsOfEveryKindComeBackIdentically) {
  uint64_t seed = testing::test_seed();
  SCOPED_TRACE("NETSURF_TEST_SEED=" + std::to_string(seed));
  testing::Random random(seed);
  std::map<LayerKind, int> seen;
  std::map<core::Rounding, int> roundings;
  int64_t refused = 0;
  int wraps = 0, units = 0, ranges = 0, zero_points = 0, bipolar = 0, constants = 0;
  for (int i = 0; i < 500; ++i) {
    Model model = testing::random_model(random, refused);
    for (const Layer& layer : model.layers()) {
      ++seen[layer.kind];
      ++roundings[layer.rounding];
      wraps += layer.wraps ? 1 : 0;
      units += layer.unit != 1 ? 1 : 0;
      ranges += layer.kind == LayerKind::activation && layer.low != layer.high ? 1 : 0;
    }
    for (const Parameter& parameter : model.parameters()) {
      zero_points += parameter.zero_point != 0 ? 1 : 0;
      bipolar += parameter.bipolar ? 1 : 0;
      constants += parameter.constant ? 1 : 0;
    }
    expect_same(model_from_onnx(model_to_onnx(model), "test"), model);
    if (HasFailure()) return;
  }
  EXPECT_EQ(seen.size(), kLayerKinds.size()) << "the generator must meet every kind";
  EXPECT_EQ(roundings.size(), core::kRoundingNames.size());
  EXPECT_GT(std::min({wraps, units, ranges, zero_points, bipolar, constants}), 20);
}

TEST(OnnxRoundTrip, RandomModelsOfTrainedKindsComeBackIdentically) {
  std::map<LayerKind, int> seen;
  int shared = 0;
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Model model = ModelMaker(seed).random_model(static_cast<int>(seed % 14));
    size_t uses = 0;
    for (const Layer& layer : model.layers()) {
      ++seen[layer.kind];
      for (int index : {layer.kernel, layer.bias, layer.scale, layer.shift}) uses += index >= 0 ? 1 : 0;
    }
    shared += uses > model.parameters().size() ? 1 : 0;
    expect_same(model_from_onnx(model_to_onnx(model), "test"), model);
    if (HasFailure()) return;
  }
  EXPECT_EQ(seen.size(), 13u) << "the generator must meet every kind that training makes";
  EXPECT_GT(shared, 5) << "the generator must share parameters";
}

TEST(OnnxRoundTrip, TheSameModelGivesTheSameBytes) {
  Model model = model_of_every_kind();
  EXPECT_EQ(model_to_onnx(model), model_to_onnx(model_from_onnx(model_to_onnx(model), "test")));
}

TEST(OnnxRoundTrip, AFileIsWrittenAndReadBack) {
  std::filesystem::path path = std::filesystem::path(::testing::TempDir()) / "onnx_round_trip" / "model.onnx";
  Model model = model_of_every_kind();
  save_model(model, path);
  expect_same(load_model(path), model);
  std::filesystem::remove_all(path.parent_path());
}

TEST(OnnxRoundTrip, AMissingFileIsAnInputError) {
  EXPECT_THROW(load_model(std::filesystem::path(::testing::TempDir()) / "no_such_model.onnx"), InputError);
}

/// The bytes with a property that says nothing, which makes any graph one of ours.
std::string with_empty_property(const std::string& bytes) {
  onnx::ModelProto proto;
  EXPECT_TRUE(proto.ParseFromString(bytes));
  EXPECT_EQ(proto.metadata_props_size(), 0);
  auto* entry = proto.add_metadata_props();
  entry->set_key("netsurf");
  entry->set_value("{\"version\":2}");
  return proto.SerializeAsString();
}

TEST(OnnxRoundTrip, StrictKeepsAPlainModelWithoutTheProperty) {
  Model model = model_of_every_kind(true);
  std::string bytes = model_to_onnx(model, {.strict = true});
  EXPECT_FALSE(is_own_model(bytes));
  EXPECT_THROW(model_from_onnx(bytes, "strict"), FormatError);
  Model found = model_from_onnx(with_empty_property(bytes), "test");
  EXPECT_EQ(found.digest(), model.digest());
  EXPECT_EQ(found.name(), model.name());
  EXPECT_TRUE(found.notes().empty());
}

TEST(OnnxRoundTrip, StrictKeepsAllThatImportsBringWhereQonnxHasAPlaceForIt) {
  EXPECT_NO_THROW(model_to_onnx(imported_model(true), {.strict = true}));
}

Model dense_model(Parameter kernel) {
  Layer input, dense;
  input.name = "input";
  input.shape = {kernel.shape[1]};
  input.format = make_format(4, 0, true);
  dense.name = "dense";
  dense.kind = LayerKind::dense;
  dense.inputs = {0};
  dense.kernel = 0;
  return Model::build("dense", {input, dense}, {std::move(kernel)});
}

TEST(OnnxRoundTrip, StrictRefusesWhatPlainQonnxCannotExpress) {
  Model fine = dense_model({"kernel", {1, 2}, make_format(4, 0, true), {1, 0}, {}});
  Model pruned = dense_model({"kernel", {1, 2}, make_format(4, 0, true), {1, 0}, {0, 1}});
  Model one_bit = dense_model({"kernel", {1, 2}, make_format(1, 0, true), {-1, 0}, {}});
  Model wide = dense_model({"kernel", {1, 2}, make_format(32, 0, true), {(1 << 24) + 1, 0}, {}});
  EXPECT_NO_THROW(model_to_onnx(fine, {.strict = true}));
  for (const Model& model : {pruned, one_bit, wide}) {
    EXPECT_THROW(model_to_onnx(model, {.strict = true}), InputError);
    expect_same(model_from_onnx(model_to_onnx(model), "test"), model);
  }
}

/// The refusal of a strict export of one activation on one input.
std::string strict_refusal(const std::function<void(Layer&)>& set) {
  Layer input, last;
  input.shape = {3};
  input.format = make_format(4, 0, true);
  last.name = "the_last";
  last.kind = LayerKind::activation;
  last.inputs = {0};
  last.format = make_format(4, 0, true);
  set(last);
  Model model = Model::build("strict", {input, last}, {});
  expect_same(model_from_onnx(model_to_onnx(model), "test"), model);
  try {
    model_to_onnx(model, {.strict = true});
  } catch (const InputError& error) {
    return error.what();
  }
  return "saved";
}

TEST(OnnxRoundTrip, StrictNamesTheLayerAndWhatHasNoPlace) {
  EXPECT_EQ(strict_refusal([](Layer& l) { l.wraps = true; }),
            "\"the_last\" cannot be expressed in plain QONNX: wrapping instead of saturating has no place "
            "there; save "
            "without strict");
  EXPECT_EQ(strict_refusal([](Layer& l) { l.format = make_format(1, 0, true); }),
            "\"the_last\" cannot be expressed in plain QONNX: a signed format of one bit means -1 and +1 "
            "there, not 0 "
            "and -1; save without strict");
  for (size_t i = 0; i < core::kRoundingNames.size(); ++i) {
    EXPECT_EQ(strict_refusal([&](Layer& l) { l.rounding = static_cast<core::Rounding>(i); }), "saved");
  }
  EXPECT_EQ(strict_refusal([](Layer& l) { l.low = -8, l.high = 3; }), "saved");
}

TEST(OnnxRoundTrip, OnlyFilesWithThePropertyAreOurs) {
  std::string bytes = model_to_onnx(imported_model());
  EXPECT_TRUE(is_own_model(bytes));
  EXPECT_FALSE(is_own_model(bytes.substr(0, bytes.size() / 2)));
  EXPECT_FALSE(is_own_model(""));
  EXPECT_FALSE(is_own_model("no ONNX model"));
}

TEST(OnnxRoundTrip, OneParameterForBothWaysOfConvolvingIsStoredOnce) {
  Layer input, conv, cut, back;
  input.shape = {3, 3, 2};
  input.format = make_format(4, 0, true);
  conv.kind = LayerKind::conv2d;
  conv.inputs = {0};
  conv.window.height = conv.window.width = 2;
  conv.kernel = 0;
  cut.kind = LayerKind::activation;
  cut.inputs = {1};
  cut.format = make_format(4, 0, true);
  back.kind = LayerKind::conv2d_transpose;
  back.inputs = {2};
  back.window = conv.window;
  back.kernel = 0;
  Parameter kernel = ModelMaker(3).parameter("shared", {2, 2, 2, 2}, make_format(4, 0, true), false);
  Model model = Model::build("shared", {input, conv, cut, back}, {kernel});
  expect_same(model_from_onnx(model_to_onnx(model), "test"), model);
}

TEST(OnnxRoundTrip, AllMaskOfZerosIsNotTheSameAsNoMask) {
  Model masked = dense_model({"kernel", {1, 2}, make_format(4, 0, true), {1, 0}, {0, 0}});
  expect_same(model_from_onnx(model_to_onnx(masked), "test"), masked);
}

TEST(OnnxRoundTrip, NamesThatAreNotTextAreRefused) {
  Model model = dense_model({"ker\xffnel", {1, 2}, make_format(4, 0, true), {1, 0}, {}});
  EXPECT_THROW(model_to_onnx(model), InputError);
}

TEST(OnnxRoundTrip, AnAttributeTheKindDoesNotUseIsNoPartOfTheModel) {
  Layer input, flatten;
  input.shape = {2, 2};
  input.format = make_format(4, 0, true);
  flatten.kind = LayerKind::flatten;
  flatten.inputs = {0};
  Model plain = Model::build("plain", {input, flatten}, {});
  flatten.format = make_format(4, 0, true);
  flatten.groups = 3;
  Model stray = Model::build("stray", {input, flatten}, {});
  EXPECT_EQ(stray.digest(), plain.digest());
  EXPECT_EQ(model_from_onnx(model_to_onnx(stray), "stray.onnx").digest(), plain.digest());
}

}  // namespace
}  // namespace netsurf
