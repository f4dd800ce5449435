#include "bench/gpu/networks.h"

#include <random>

#include "bench/gpu/network_builder.h"

namespace netsurf::bench {
namespace {

constexpr Format kPixels{8, 0, false}, kFeatures{8, 2, true};
constexpr double kPixelsVariance = 0.057, kFeaturesVariance = 5.3;  // of what samples() draws

Model mlp() {
  return NetworkBuilder("mlp", 1, {784}, kPixels, kPixelsVariance).dense(64).relu().dense(10).build();
}

Model cnn() {
  NetworkBuilder builder("cnn", 2, {28, 28, 1}, kPixels, kPixelsVariance);
  builder.conv2d(16, 3).relu().max_pool(2).conv2d(32, 3).relu().max_pool(2);
  return builder.flatten().dense(64).relu().dense(10).build();
}

Model jets() {
  NetworkBuilder builder("jets", 3, {16}, kFeatures, kFeaturesVariance);
  return builder.dense(64).relu(6).dense(32).relu(6).dense(32).relu(6).dense(5).build();
}

Model hls4ml_cnn() {
  NetworkBuilder builder("hls4ml_cnn", 4, {28, 28, 1}, kPixels, kPixelsVariance);
  for (int filters : {16, 16, 24}) builder.conv2d(filters, 3).affine().relu().max_pool(2);
  builder.flatten();
  for (int units : {42, 64}) builder.dense(units).affine().relu();
  return builder.dense(10).build();
}

Model digits() {
  constexpr Format kGray{5, 1, false};
  return NetworkBuilder("digits", 5, {64}, kGray, 0.33).dense(32).affine().relu().dense(10).build();
}

Model smart_pixel() {
  NetworkBuilder builder("smart_pixel", 6, {16}, kFeatures, kFeaturesVariance);
  return builder.dense(64).affine().relu(10).dense(3).build();
}

Model econ_t() {
  NetworkBuilder builder("econ_t", 7, {8, 8, 1}, kPixels, 0.083);
  return builder.conv2d(8, 3, 2, true).relu(12).flatten().dense(16).relu(9).build();
}

Model lenet5() {
  NetworkBuilder builder("lenet5", 8, {28, 28, 1}, kPixels, kPixelsVariance);
  builder.conv2d(6, 5, 1, true).affine().hard_tanh().average_pool(2, 1);
  builder.conv2d(16, 5).affine().hard_tanh().average_pool(2, 1);
  builder.conv2d(120, 5).affine().hard_tanh().flatten();
  return builder.dense(84).affine().hard_tanh().dense(10).build();
}

}  // namespace

std::vector<Network> networks(bool is_quick) {
  std::vector<Network> all;
  all.push_back({"mlp", Task::classification, true, 10000, mlp()});
  all.push_back({"cnn", Task::classification, true, 10000, cnn()});
  all.push_back({"jets", Task::classification, false, 10000, jets()});
  if (is_quick) return all;
  all.push_back({"hls4ml_cnn", Task::classification, true, 10000, hls4ml_cnn()});
  all.push_back({"digits", Task::classification, false, 10000, digits()});
  all.push_back({"smart_pixel", Task::classification, false, 10000, smart_pixel()});
  all.push_back({"econ_t", Task::comparison, false, 10000, econ_t()});
  all.push_back({"lenet5", Task::classification, true, 1000, lenet5()});
  return all;
}

EvaluationSet samples(const Network& network, int64_t count) {
  const Model& model = network.model;
  const Format& format = model.input().format;
  const int64_t outputs = model.type(model.scored_layer()).elements();
  EvaluationSet set;
  set.task = network.task;
  set.count = count;
  set.sample_size = model.type(0).elements();
  set.codes.reserve(static_cast<size_t>(count * set.sample_size));
  std::mt19937_64 random(99);
  for (int64_t sample = 0; sample < count; ++sample) {
    for (int64_t i = 0; i < set.sample_size; ++i) {
      uint64_t bits = random();
      auto code = format.min_code() + static_cast<int64_t>(bits & ((uint64_t{1} << format.bits) - 1));
      set.codes.push_back(network.has_sparse_inputs && (bits >> 32) % 5 != 0 ? 0
                                                                             : static_cast<int32_t>(code));
    }
    auto label = static_cast<int32_t>(random() % static_cast<uint64_t>(outputs));
    if (network.task == Task::classification) set.labels.push_back(label);
  }
  return set;
}

}  // namespace netsurf::bench
