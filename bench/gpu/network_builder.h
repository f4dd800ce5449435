// Builds networks of given shapes with seeded weights whose codes behave as a trained network's: the builder
// follows the spread of the sums from layer to layer and gives activations the format that fits it, so that
// few of their codes are at an end.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "engine/model/model.h"

namespace netsurf::bench {

class NetworkBuilder {
 public:
  /// `variance`: of the input's values.
  NetworkBuilder(std::string name, uint64_t seed, Shape input, Format format, double variance);

  /// kernel [out, in], 6-bit weights, 8-bit biases. The weights of an output sum up to about 0: inputs that
  /// are never negative would else push every sample to the same class.
  NetworkBuilder& dense(int outputs);
  /// kernel [out, size, size, in], without padding or padded to the input's size over the stride.
  NetworkBuilder& conv2d(int outputs, int size, int stride = 1, bool is_same = false);
  /// What alpha and batch norm freeze to; brings values to a spread near one.
  NetworkBuilder& affine();
  NetworkBuilder& relu(int bits = 8);
  NetworkBuilder& hard_tanh(int bits = 8);
  NetworkBuilder& max_pool(int size);
  NetworkBuilder& average_pool(int size, int stride);
  NetworkBuilder& flatten();

  Model build();

 private:
  Layer& add(LayerKind kind);
  NetworkBuilder& add_sums(Layer& layer, Shape kernel);
  std::vector<int32_t> draw_kernel(int outputs, int64_t num_weights);
  int add_parameter(Shape shape, Format format, std::vector<int32_t> codes);
  /// Bell-shaped codes within the format, spread `spread` in value, around `mean`.
  std::vector<int32_t> draw(int64_t count, const Format& format, double mean, double spread);

  std::string name_;
  std::mt19937_64 random_;
  std::vector<Layer> layers_;
  std::vector<Parameter> parameters_;
  Shape shape_;          // of the last layer
  double variance_ = 0;  // of its values
};

}  // namespace netsurf::bench
