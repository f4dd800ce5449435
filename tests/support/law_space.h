// Bit spaces of a chosen size, for tests of what is drawn from them.
#pragma once

#include <cstdint>
#include <memory>
#include <numeric>
#include <random>
#include <vector>

#include "engine/faults/sampler.h"

namespace netsurf::law {

/// A network with exactly `bits` stored bits: eight-bit weights, and a bias for what is left over. `variant`
/// changes the weights' values (1) or their shape (2) without changing the number of bits.
inline Model model_of(uint64_t bits, int variant = 0) {
  std::vector<Layer> layers(2);
  std::vector<Parameter> parameters;
  layers[0].name = "input";
  layers[0].kind = LayerKind::input;
  layers[0].format = Format{1, 0, true};
  layers[1].name = "dense";
  layers[1].kind = LayerKind::dense;
  layers[1].inputs = {0};
  layers[1].kernel = 0;
  int weight_bits = bits < 8 || variant == 2 ? 1 : 8;
  int64_t weights = static_cast<int64_t>(bits) / weight_bits;
  int left_over = static_cast<int>(bits % static_cast<uint64_t>(weight_bits));
  layers[0].shape = {static_cast<int>(weights)};
  Parameter kernel;
  kernel.name = "kernel";
  kernel.shape = {1, static_cast<int>(weights)};
  kernel.format = Format{weight_bits, 0, true};
  kernel.codes.assign(static_cast<size_t>(weights), variant == 1 ? -1 : 0);
  parameters.push_back(std::move(kernel));
  if (left_over > 0) {
    Parameter bias;
    bias.name = "bias";
    bias.shape = {1};
    bias.format = Format{left_over, 0, true};
    bias.codes = {0};
    layers[1].bias = 1;
    parameters.push_back(std::move(bias));
  }
  return Model::build("space", std::move(layers), std::move(parameters));
}

inline BitSpace space_of(uint64_t bits, int variant = 0) { return BitSpace(model_of(bits, variant)); }

inline FaultSpec faults_of(FaultModel model, const char* rate, uint64_t seed = 1,
                           Design design = Design::independent) {
  return {model, design, UnitDecimal::parse(rate, "bit error rate"), seed, nullptr};
}

/// Protects a fraction of a shuffled order of the bits.
inline Protection protection_of(uint64_t bits, const char* fraction, unsigned seed = 1) {
  auto rank = std::make_shared<std::vector<uint32_t>>(bits);
  std::iota(rank->begin(), rank->end(), 0u);
  std::shuffle(rank->begin(), rank->end(), std::mt19937(seed));
  return {UnitDecimal::parse(fraction, "protection"), rank};
}

inline FaultBatch sample_of(const BitSpace& space, const FaultSpec& faults, uint64_t begin, uint64_t end) {
  return FaultSampler(space, faults, Protection{}).sample(begin, end);
}

/// Bits that are not protected, rising.
inline std::vector<BitId> unprotected(uint64_t bits, const Protection& protection) {
  std::vector<BitId> ids;
  uint64_t count = protection.num_protected(bits);
  for (uint64_t id = 0; id < bits; ++id) {
    if (!protection.protects(static_cast<BitId>(id), count)) ids.push_back(static_cast<BitId>(id));
  }
  return ids;
}

}  // namespace netsurf::law
