// Every row of the tables of layer kinds and activation functions: tests that claim to cover them all count
// here what they met, and a row that is added later is missing until some test meets it.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "engine/model/model.h"

namespace netsurf::testing {

/// Tallies the layer kinds and activation functions that models contain.
class EveryKind {
 public:
  void see(const Model& model) {
    for (const Layer& layer : model.layers()) {
      ++kinds_[static_cast<size_t>(layer.kind)];
      if (layer.kind == LayerKind::activation) ++functions_[static_cast<size_t>(layer.function)];
    }
  }

  /// Names of the rows that no model had, each followed by a space; empty when every row was met.
  std::string missing() const {
    std::string names;
    for (size_t i = 0; i < kinds_.size(); ++i) {
      if (kinds_[i] == 0) names += std::string(kLayerKinds[i].name) + " ";
    }
    for (size_t i = 0; i < functions_.size(); ++i) {
      if (functions_[i] == 0) names += std::string(kActivationNames[i]) + " ";
    }
    return names;
  }

 private:
  std::array<int64_t, kLayerKinds.size()> kinds_{};
  std::array<int64_t, kActivationNames.size()> functions_{};
};

}  // namespace netsurf::testing
