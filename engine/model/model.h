// A frozen network: the artifact that training ends in and everything bit-exact begins with. Immutable once
// built.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/model/exactness.h"
#include "engine/model/layer.h"

namespace netsurf {

class Model {
 public:
  /// Checks everything (throws InputError), puts layers and parameters into canonical order, infers types,
  /// computes the digest. `layers` may come in any topological order: layers[0..] refer to each other by
  /// index. Exactly one input layer and one layer that nobody reads, the output. `notes` is provenance
  /// (training settings, data digest, seed): kept in the file, not part of the digest.
  static Model build(std::string name, std::vector<Layer> layers, std::vector<Parameter> parameters,
                     std::map<std::string, std::string> notes = {});

  const std::string& name() const { return name_; }
  /// Canonical topological order: the input first, then always the ready layer with the smallest (producers,
  /// kind, shape, attributes, parameter digest). It does not depend on the order a file happened to have.
  const std::vector<Layer>& layers() const { return layers_; }
  /// In the order of first use by `layers()`: kernel, bias, scale, shift, thresholds.
  const std::vector<Parameter>& parameters() const { return parameters_; }
  const TensorType& type(int layer) const { return types_[static_cast<size_t>(layer)]; }
  const std::map<std::string, std::string>& notes() const { return notes_; }

  const Layer& input() const { return layers_.front(); }
  int output() const { return static_cast<int>(layers_.size()) - 1; }
  /// The layer whose codes are scored: the output, or what a final softmax reads.
  int scored_layer() const;

  int64_t num_weights() const;  // elements of all stored parameters (not the constant ones)
  int64_t num_bits() const;     // their bits, pruned ones included
  int64_t num_macs() const;     // multiply-accumulates of one sample
  double sparsity() const;      // pruned share of the elements of prunable parameters (those with a mask)

  /// SHA-256 over names of kinds, attributes, formats, codes and masks; not over layer names, notes or file
  /// bytes.
  const std::string& digest() const { return digest_; }

 private:
  std::string name_;
  std::vector<Layer> layers_;
  std::vector<Parameter> parameters_;
  std::vector<TensorType> types_;
  std::map<std::string, std::string> notes_;
  std::string digest_;
};

}  // namespace netsurf
