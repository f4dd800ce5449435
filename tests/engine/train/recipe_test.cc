#include "engine/train/recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/benchmark_file.h"
#include "tests/engine/train/train_support.h"

namespace netsurf {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using Verdict = RecipeCheck::Verdict;

RecipeCheck compare(const Benchmark& there, const Benchmark& here, const TrainOptions& options_there = {},
                    const TrainOptions& options_here = {}) {
  return compare_recipe(recipe_notes(training_recipe(there, options_there)),
                        training_recipe(here, options_here));
}

TEST(Recipe, OfTheSameTrainingIsTheSame) {
  const Benchmark benchmark = find_benchmark("mnist_hls4ml");
  TrainOptions spelled_out;
  spelled_out.epochs = benchmark.epochs;
  spelled_out.learning_rate = benchmark.learning_rate;
  spelled_out.quantization = benchmark.quantization;
  spelled_out.num_threads = 3;
  spelled_out.seed = 9;
  const RecipeCheck check = compare(benchmark, benchmark, {}, spelled_out);
  EXPECT_EQ(check.verdict, Verdict::same);
  EXPECT_THAT(check.differences, IsEmpty());
}

TEST(Recipe, NamesTheOptionThatDiffers) {
  const Benchmark benchmark = find_benchmark("digits_mlp");
  TrainOptions options;
  options.epochs = 3;
  options.max_train_samples = 100;
  options.bias_bits = 5;
  const RecipeCheck check = compare(benchmark, benchmark, {}, options);
  EXPECT_EQ(check.verdict, Verdict::different);
  EXPECT_THAT(check.differences,
              ElementsAre("epochs is " + std::to_string(benchmark.epochs) + " there, 3 here",
                          "max_train_samples is all there, 100 here", "bias_bits is 0 there, 5 here"));
}

TEST(Recipe, NamesTheLayerThatDiffers) {
  const Benchmark small = blob_benchmark("layer flatten\nlayer dense units=4\nlayer dense units=3\n");
  const Benchmark large = blob_benchmark("layer flatten\nlayer dense units=5\nlayer dense units=3\n");
  const std::string tail = " bias=yes l1=0 l2=0 format=scheme";
  EXPECT_THAT(compare(small, large).differences,
              ElementsAre("layer 2 is dense name=dense_1 from=flatten_1 units=4" + tail +
                          " there, dense name=dense_1 from=flatten_1 units=5" + tail + " here"));
  const Benchmark longer =
      blob_benchmark("layer flatten\nlayer dense units=4\nlayer dense units=3\nlayer softmax\n");
  EXPECT_THAT(compare(small, longer).differences,
              ElementsAre("layer 4 is nothing there, softmax name=softmax_1 from=dense_2 here"));
  EXPECT_THAT(compare(longer, small).differences,
              ElementsAre("layer 4 is softmax name=softmax_1 from=dense_2 there, nothing here"));
}

TEST(Recipe, EveryKeyOfABenchmarkFileThatDecidesTrainingChangesIt) {
  const std::string head =
      "name b\ndataset digits\ninput_shape 8x8x1\ninput_format q<5,1,0>\nloss cross_entropy\noptimizer sgd\n"
      "learning_rate 0.01\nbatch_size 8\nepochs 4\n";
  const std::string layers = "layer flatten\nlayer dense units=10\n";
  const Benchmark plain = parse_benchmark(head + layers, "b");
  for (const char* line :
       {"input_scale 0.5", "input_offset 1", "quantization q<7,0,1>", "momentum 0.5", "decay cosine",
        "logit_scale 2", "batch_norm fold", "early_stopping 3", "plateau_patience 3"}) {
    EXPECT_EQ(compare(plain, parse_benchmark(head + line + "\n" + layers, "b")).verdict, Verdict::different)
        << line;
  }
  TrainOptions pruned;
  pruned.prune = UnitDecimal::parse("0.5", "prune");
  const Benchmark later = parse_benchmark(head + "prune_end 20\n" + layers, "b");
  EXPECT_EQ(compare(plain, later).verdict, Verdict::same) << "nothing is pruned";
  EXPECT_EQ(compare(plain, later, pruned, pruned).verdict, Verdict::different);
}

TEST(Recipe, SpellsOutEveryAttributeOfEveryKindOfLayer) {
  Benchmark benchmark = blob_benchmark(kBlobLayers);
  benchmark.layers.clear();
  for (const SpecKindRow& row : kSpecKinds) {
    LayerSpec layer;
    layer.name = row.name;
    layer.kind = row.kind;
    benchmark.layers.push_back(layer);
  }
  for (const auto& [setting, value] : training_recipe(benchmark, {}))
    EXPECT_THAT(value, testing::Not(testing::HasSubstr("=?"))) << setting;
}

TEST(Recipe, ADigestAloneSaysThatNotWhat) {
  const Benchmark benchmark = find_benchmark("digits_mlp");
  auto notes = recipe_notes(training_recipe(benchmark, {}));
  notes.erase("recipe");
  notes.erase("recipe_layers");
  EXPECT_EQ(compare_recipe(notes, training_recipe(benchmark, {})).verdict, Verdict::same);
  notes["recipe_digest"][0] ^= 1;
  const RecipeCheck check = compare_recipe(notes, training_recipe(benchmark, {}));
  EXPECT_EQ(check.verdict, Verdict::different);
  EXPECT_THAT(check.differences, IsEmpty());
}

TEST(Recipe, NotesWithoutOneAreUnknown) {
  EXPECT_EQ(compare_recipe({{"seed", "1"}}, training_recipe(find_benchmark("digits_mlp"), {})).verdict,
            Verdict::unknown);
}

TEST(Recipe, IsKeptInTheNotesOfATrainedModel) {
  const Benchmark benchmark = blob_benchmark(kBlobLayers, 1);
  TrainOptions options;
  options.learning_rate = 0.123456789012345;
  const auto notes = train(benchmark, blobs(), options).freeze().notes();
  EXPECT_EQ(compare_recipe(notes, training_recipe(benchmark, options)).verdict, Verdict::same);
  options.learning_rate = 0.123456789012346;
  EXPECT_THAT(compare_recipe(notes, training_recipe(benchmark, options)).differences,
              Contains("learning_rate is 0.123456789012345 there, 0.123456789012346 here"));
}

}  // namespace
}  // namespace netsurf
