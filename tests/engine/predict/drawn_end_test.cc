#include "engine/predict/drawn_end.h"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/predict/outcome.h"
#include "tests/support/models.h"

namespace netsurf {
namespace {

using testing::activation_layer;
using testing::dense_layer;
using testing::input_layer;
using testing::Random;
using testing::random_parameter;

Model deep(int width) {
  Random random(3);
  const Format weight{6, 0, true}, step{6, 3, false};
  return Model::build("deep",
                      {input_layer({8}, step), dense_layer("a", 0, 0),
                       activation_layer("ra", 1, ActivationFunction::relu, step), dense_layer("b", 2, 1),
                       activation_layer("rb", 3, ActivationFunction::relu, step), dense_layer("c", 4, 2)},
                      {random_parameter("a", {width, 8}, weight, random),
                       random_parameter("b", {width, width}, weight, random),
                       random_parameter("c", {4, width}, weight, random)});
}

TEST(StartOfEnd, IsTheFirstSumBehindWhichLittleWorkIsLeft) {
  EXPECT_EQ(start_of_end(deep(16)), 1) << "all but the first layer is cheap";
  EXPECT_EQ(start_of_end(deep(400)), 3) << "400 x 400 products are not";
  EXPECT_EQ(start_of_end(testing::tiny_mlp()), 1);
}

TEST(StartOfEnd, IsNoLayerThatSomethingGoesPast) {
  // conv a and conv b meet again behind: only the last layer has all before it.
  const Model model = testing::branched(1).build();
  const int start = start_of_end(model);
  EXPECT_EQ(model.layers()[static_cast<size_t>(start)].name, "last");
}

TileMoments two_numbers() {
  TileMoments moments(2);
  moments.mean = {1, 2};
  moments.variance = {4, 9};
  return moments;
}

TEST(NormalMixer, StretchesIndependentNumbers) {
  const NormalMixer mixer(two_numbers(), 1, 0);
  const double normals[] = {1, -1, 0, 0};
  double out[2];
  mixer.mix(normals, out);
  EXPECT_EQ(out[0], 2);
  EXPECT_EQ(out[1], -3);
}

TEST(NormalMixer, GivesTheCovariance) {
  TileMoments moments = two_numbers();
  moments.covariance = {4, 3, 3, 9};
  const NormalMixer mixer(moments, 1, 0);
  double columns[2][2];
  for (int i = 0; i < 2; ++i) {
    const double normals[] = {i == 0 ? 1.0 : 0.0, i == 1 ? 1.0 : 0.0, 0, 0};
    mixer.mix(normals, columns[i]);
  }
  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < 2; ++j) {
      EXPECT_NEAR(columns[0][i] * columns[0][j] + columns[1][i] * columns[1][j],
                  moments.covariance[static_cast<size_t>(2 * i + j)], 1e-12);
    }
  }
}

TEST(NormalMixer, MovesThePixelsOfAChannelTogetherByItsTie) {
  TileMoments moments(4);  // two pixels of two channels
  moments.variance = {1, 4, 9, 16};
  moments.channels = 2;
  moments.tie = {0.75, 0};
  const NormalMixer mixer(moments, 1, 0);
  double covariance[4][4] = {};
  for (size_t factor = 0; factor < 8; ++factor) {
    double normals[8] = {}, out[4];
    normals[factor] = 1;
    mixer.mix(normals, out);
    for (size_t i = 0; i < 4; ++i) {
      for (size_t j = 0; j < 4; ++j) covariance[i][j] += out[i] * out[j];
    }
  }
  for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(covariance[i][i], moments.variance[i], 1e-12);
  EXPECT_NEAR(covariance[0][2], 0.75 * 3, 1e-12);
  EXPECT_NEAR(covariance[1][3], 0, 1e-12);
  EXPECT_NEAR(covariance[0][1], 0, 1e-12);
}

}  // namespace
}  // namespace netsurf
