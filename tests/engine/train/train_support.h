// Small data sets and benchmarks for tests of training.
#pragma once

#include <cmath>
#include <random>
#include <string>

#include "engine/model/benchmark.h"
#include "engine/model/dataset.h"
#include "models/benchmark_file.h"

namespace netsurf {

/// Blobs around three centres in [0, 1]^4, on a grid of 1/16.
inline Dataset blobs() {
  Dataset dataset;
  dataset.name = "blobs";
  dataset.num_classes = 3;
  std::mt19937 generator(5);
  std::normal_distribution<float> noise(0, 0.12f);
  for (auto [samples, count] :
       {std::pair{&dataset.train, 600}, std::pair{&dataset.validation, 90}, std::pair{&dataset.test, 150}}) {
    samples->shape = {2, 2, 1};
    samples->count = count;
    for (int i = 0; i < count; ++i) {
      const int label = i % 3;
      samples->labels.push_back(label);
      for (int k = 0; k < 4; ++k) {
        const float centre = (label >> (k & 1)) & 1 ? 0.75f : 0.3f;
        samples->values.push_back(std::round(std::clamp(centre + noise(generator), 0.0f, 1.0f) * 16) / 16);
      }
    }
  }
  return dataset;
}

/// The head of a benchmark for `blobs`, to which layers (and further keys) are added.
inline std::string blob_head(int epochs = 12) {
  return "name blob_net\ndataset blobs\ninput_shape 2x2x1\ninput_format q<5,1,0>\nloss "
         "cross_entropy\noptimizer adam\n"
         "learning_rate 0.01\nbatch_size 20\nepochs " +
         std::to_string(epochs) + "\n";
}

inline Benchmark blob_benchmark(const std::string& rest, int epochs = 12) {
  return parse_benchmark(blob_head(epochs) + rest, "blob");
}

inline const char* kBlobLayers =
    "layer flatten\nlayer dense units=12\nlayer alpha\nlayer relu\nlayer dense units=3\nlayer softmax\n";

}  // namespace netsurf
