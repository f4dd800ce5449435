// The float operations that stand between integer codes and the next quantizer, kept as the file orders
// them, so that they can be run in float32 as the file's authors run them, or composed into one affine map.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "models/foreign/graph.h"

namespace netsurf::foreign {

/// One operation of a chain. Constants have one element, or one per channel.
struct Step {
  Op op = Op::relu;  // an elementwise one: *_constant, relu, leaky_relu, clip, hard_*, tanh, sigmoid
  std::vector<float> constant;
  double alpha = 0;
  float minimum = 0, maximum = 0;
  bool is_learned = false;
  std::string node;
  std::optional<Parameter> stored;  // a bias whose codes the file holds at a step of its own
};

/// Whether the operation is x -> a x + b.
bool is_affine(const Step& step);

/// The operations on channel `channel`, each rounded to float32, in order.
float run_chain(const std::vector<Step>& chain, size_t channel, float x);

/// x -> scale[c] x + shift[c], with what of it the training learned.
struct AffineMap {
  std::vector<double> scale = {1}, shift = {0};  // one element each, or one per channel
  bool scale_is_learned = false, shift_is_learned = false;

  bool is_identity() const;
};

/// A chain taken apart: constants, then at most one function, then nothing but a positive common factor.
struct ChainParts {
  AffineMap before;
  std::optional<Step> function;  // relu, leaky_relu, clip, hard_tanh, hard_sigmoid, tanh, sigmoid
  double after = 1;
};

/// Nothing when the chain has another form.
std::optional<ChainParts> take_apart(const std::vector<Step>& chain);

/// -1, 0 or 1 per channel (or one for all): the chain falls with x, is constant, or rises.
std::vector<int> directions(const std::vector<Step>& chain);

/// -1 where the channel falls, else 1.
int sign_at(const std::vector<int>& directions, size_t channel);

/// `values` element by element, the shorter (of one element) repeated.
double at(const std::vector<double>& values, size_t channel);
float at(const std::vector<float>& values, size_t channel);

/// The chain after flattening: every per-channel constant repeated `times` times.
std::vector<Step> repeated(std::vector<Step> chain, size_t times);

}  // namespace netsurf::foreign
