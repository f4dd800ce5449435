// Data named by hand: what the flags mean, and how they stand to a model's notes.
#include "apps/model_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "engine/store/sqlite_store.h"
#include "models/qonnx/onnx_export.h"
#include "tests/apps/program_runner.h"
#include "tests/models/pack.h"
#include "tests/support/models.h"
#include "tests/support/temp_dir.h"

namespace netsurf {
namespace {

using ::testing::HasSubstr;

class ModelData : public ::testing::Test {
 protected:
  void SetUp() override {
    save_model(testing::tiny_mlp(), model_);  // reads 6 values, puts out 3
    folder_.write("x.npy", npy_array<float>("<f4", "(2, 6)", {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}));
    folder_.write("y.npy", npy_array<int64_t>("<i8", "(2,)", {2, 0}));
    folder_.write("targets.npy", npy_array<float>("<f4", "(2, 3)", {0, 1, 2, 3, 4, 5}));
    folder_.write("set/x.npy", npy_array<float>("<f4", "(1, 6)", {0, 1, 2, 3, 4, 5}));
  }

  std::string file(const std::string& name) const { return (folder_.path() / name).string(); }
  Ran sweep(const std::string& words) const {
    return run("sweep --model " + model_ + " --store " + file("s.sqlite") +
               " --ber_range 0.1 --protection_range 0 --num_reps 2 " + words);
  }
  CellRecord cell() const { return SqliteStore::open_existing(file("s.sqlite"))->cells().at(0).record; }

  TempDir folder_;
  std::string model_ = (folder_.path() / "model.onnx").string();
};

TEST_F(ModelData, APairOfFilesIsClassification) {
  Ran ran = sweep("--dataset " + file("x.npy") + " " + file("y.npy"));
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(cell().num_samples, 2u);
  EXPECT_NE(cell().clean.correct, kNoCount);
}

TEST_F(ModelData, InputsAloneAreAComparison) {
  Ran ran = sweep("--dataset " + file("x.npy"));
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(cell().clean.correct, kNoCount);
  EXPECT_EQ(cell().clean.loss, kNoCount);
  EXPECT_EQ(sweep("--dataset " + file("x.npy")).code, 0);  // goes on from the stored trials
}

TEST_F(ModelData, AFileIsTheSameDataByAnyPath) {
  ASSERT_EQ(sweep("--dataset " + file("x.npy")).code, 0);
  Ran again = sweep("--dataset " + file("./x.npy"));
  EXPECT_EQ(again.code, 0) << again.err;
}

TEST_F(ModelData, AFolderIsNamedByItsPath) {
  Ran ran = sweep("--dataset " + file("set/") + " --task comparison");
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(cell().num_samples, 1u);
}

TEST_F(ModelData, FloatTargetsNeedTheTaskTheyAreFor) {
  std::string pair = "--dataset " + file("x.npy") + " " + file("targets.npy");
  Ran unsaid = sweep(pair);
  EXPECT_EQ(unsaid.code, 2);
  EXPECT_THAT(unsaid.err, HasSubstr("--task regression"));
  Ran ran = sweep(pair + " --task regression");
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(cell().clean.loss, kNoCount);
}

TEST_F(ModelData, AModelWithoutNotesAsksForData) {
  Ran ran = sweep("");
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("--dataset"));
}

TEST_F(ModelData, ContradictionsAndTypingErrorsAreRefused) {
  std::string x = "--dataset " + file("x.npy");
  EXPECT_THAT(sweep(x + " --benchmark digits_mlp").err, HasSubstr("both name the data"));
  EXPECT_THAT(sweep(x + " --task comparisn").err, HasSubstr("did you mean \"comparison\""));
  EXPECT_THAT(sweep(x + " --input_scale 1/0").err, HasSubstr("--input_scale 1/0"));
  EXPECT_THAT(sweep(x + " --input_scale a/2").err, HasSubstr("--input_scale"));
  EXPECT_THAT(sweep(x + " --channels_first").err, HasSubstr("no images"));
  EXPECT_THAT(sweep("--dataset set other").err, HasSubstr("expected one name or folder"));
  EXPECT_THAT(sweep("--dataset " + file("none.npy")).err, HasSubstr("none.npy"));
}

TEST_F(ModelData, NotesRoundTripAndFlagsReplaceThem) {
  DataRecipe recipe{"mine + yours", 1.0 / 255, -0.5, Task::comparison, true};
  auto notes = recipe_notes(recipe);
  testing::Parts parts = testing::mlp_parts();
  Model model = Model::build("parts", parts.layers, parts.parameters, notes);
  EXPECT_EQ(recipe_of(model), recipe);
  std::vector<std::string> words = {"--input-scale", "1/128", "--task", "classification"};
  for (const Command& command : commands()) {
    if (command.name != "sweep") continue;
    DataRecipe changed = recipe_of(command.parse(words), model);
    EXPECT_EQ(changed.scale, 1.0 / 128);
    EXPECT_EQ(changed.offset, -0.5);
    EXPECT_EQ(changed.task, Task::classification);
  }
}

}  // namespace
}  // namespace netsurf
