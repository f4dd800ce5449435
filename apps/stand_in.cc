#include "apps/stand_in.h"

#include <algorithm>
#include <random>

#include "engine/train/trainer.h"

namespace netsurf {
namespace {

constexpr int kClasses = 10;
constexpr int64_t kTrainSamples = 512, kTestSamples = 10000, kLeastTestSamples = 256;
constexpr double kMacsPerTrial = 2e9;
constexpr double kInkShare = 0.2, kNoise = 0.1;

/// Sparse images: every kind has its own pixels with ink, a tenth of all pixels is drawn anew for every
/// sample.
class ImageSource {
 public:
  ImageSource(const Benchmark& benchmark, uint64_t seed)
      : shape_(benchmark.input_shape), format_(benchmark.input_format), random_(seed) {
    for (auto& kind : kinds_) {
      for (int64_t i = 0; i < num_elements(shape_); ++i) kind.push_back(draw_pixel());
    }
  }

  Samples draw(int64_t count) {
    Samples samples;
    samples.shape = shape_;
    samples.count = count;
    for (int64_t s = 0; s < count; ++s) {
      auto label = static_cast<int32_t>(random_() % kClasses);
      samples.labels.push_back(label);
      for (float pixel : kinds_[static_cast<size_t>(label)])
        samples.values.push_back(draw_share() < kNoise ? draw_pixel() : pixel);
    }
    return samples;
  }

 private:
  double draw_share() { return static_cast<double>(random_() >> 11) * 0x1p-53; }
  float draw_pixel() {
    if (draw_share() >= kInkShare) return 0;
    double most = std::min(static_cast<double>(format_.max_code()) * format_.step(), 1.0);
    return static_cast<float>(draw_share() * most);
  }

  Shape shape_;
  Format format_;
  std::mt19937_64 random_;
  std::vector<float> kinds_[kClasses];  // [elements]
};

}  // namespace

StandIn make_stand_in(const Benchmark& benchmark, uint64_t seed) {
  ImageSource source(benchmark, seed);
  Dataset dataset;
  dataset.name = "made-up images";
  dataset.task = Task::classification;
  dataset.num_classes = kClasses;
  dataset.train = source.draw(kTrainSamples);
  dataset.validation = source.draw(kLeastTestSamples);
  TrainOptions options;
  options.seed = seed;
  options.epochs = 2;
  options.batch_size = 32;
  Model model = train(benchmark, dataset, options).freeze();
  double affordable = kMacsPerTrial / static_cast<double>(std::max<int64_t>(model.num_macs(), 1));
  int64_t count = static_cast<int64_t>(
      std::clamp(affordable, static_cast<double>(kLeastTestSamples), static_cast<double>(kTestSamples)));
  EvaluationSet set = encode(model, source.draw(count), dataset.task);
  return {std::move(model), std::move(set)};
}

}  // namespace netsurf
