#include <gtest/gtest.h>

#include <filesystem>

#include "models/onnx_export.h"
#include "models/onnx_import.h"
#include "tests/models/onnx_models.h"

namespace netsurf {
namespace {

TEST(OnnxRoundTrip, AModelOfEveryLayerKindComesBackIdentically) {
  Model model = model_of_every_kind();
  expect_same(model_from_onnx(model_to_onnx(model), "test"), model);
}

TEST(OnnxRoundTrip, RandomModelsComeBackIdentically) {
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
  EXPECT_EQ(seen.size(), kLayerKinds.size()) << "the generator must meet every kind";
  EXPECT_GT(shared, 5) << "the generator must share parameters";
}

TEST(OnnxRoundTrip, TheSameModelGivesTheSameBytes) {
  Model model = model_of_every_kind();
  EXPECT_EQ(model_to_onnx(model), model_to_onnx(model_from_onnx(model_to_onnx(model), "test")));
}

TEST(OnnxRoundTrip, AFileIsWrittenAndReadBack) {
  std::filesystem::path path = std::filesystem::path(testing::TempDir()) / "onnx_round_trip" / "model.onnx";
  Model model = model_of_every_kind();
  save_model(model, path);
  expect_same(load_model(path), model);
  std::filesystem::remove_all(path.parent_path());
}

TEST(OnnxRoundTrip, AMissingFileIsAnInputError) {
  EXPECT_THROW(load_model(std::filesystem::path(testing::TempDir()) / "no_such_model.onnx"), InputError);
}

TEST(OnnxRoundTrip, StrictKeepsAPlainModelWithoutTheProperty) {
  Model model = model_of_every_kind(true);
  std::string bytes = model_to_onnx(model, {.strict = true});
  Model found = model_from_onnx(bytes, "test");
  EXPECT_EQ(found.digest(), model.digest());
  EXPECT_EQ(found.name(), model.name());
  EXPECT_TRUE(found.notes().empty());
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
