// The working state of one lowering; its parts stand in one file each: sums (dense, convolution, bias),
// quantizers, joins and shapes, output.
#pragma once

#include <string>
#include <vector>

#include "models/foreign/builder.h"
#include "models/foreign/lower.h"
#include "models/foreign/value.h"

namespace netsurf::foreign {

class Lowering {
  static constexpr int kMostBits = 61;  // of a sum, with one to spare
  static constexpr int64_t kLargestThreshold = (int64_t{1} << 31) - 2;

 public:
  Lowering(const Graph& graph, const LowerOptions& options) : graph_(graph), options_(options) {}
  Lowered run();

 private:
  // lower.cc
  void choose_output();
  /// The last node of those called --end_at, or of the parts of one: NAME/bias, the layers of a nested model.
  int named_output() const;
  void lower_node(int index);
  void finish();

  // lower_input.cc
  void lower_input(int index);
  /// The quantizer that the input reaches through reshapes alone, or -1.
  int quantizer_of_input(int index) const;

  // lower_sums.cc
  void lower_sums(int index);
  void lower_add_constant(int index);
  /// Whether the node's reader is a constant operation too.
  bool is_read_by_constant(int index) const;
  int kernel_of(const Node& node, std::vector<double>& unit);

  // lower_quantize.cc
  void lower_quantize(int index);
  /// The value as codes of the quantizer: by an activation, thresholds, or an affine layer and an activation.
  Value quantized(Value in, const Quantizer& quantizer, const std::string& name);
  /// Counts where an affine layer (-1 for none) and an activation differ from the chain and the quantizer
  /// they stand for.
  void report(const Value& in, int affine, int activation, const Quantizer& quantizer,
              const std::string& name);
  Value scaled_and_rounded(const Value& in, const ChainParts& parts, const Quantizer& quantizer,
                           const std::string& name);

  // lower_thresholds.cc
  void lower_multi_threshold(int index);
  Value thresholded(const Value& in, const Quantizer& quantizer, const std::string& name);
  /// A layer that turns the sign of the falling channels, so that thresholds can count upwards; the
  /// value's own where none falls.
  int mirrored(const Value& in, const std::vector<int>& signs, const std::string& name);
  int add_thresholds(int input, std::vector<int32_t> codes, int rows, int64_t low, int64_t high,
                     const Format& format, bool is_stored, const std::string& name);

  // lower_joins.cc
  void lower_pool(int index);
  /// Multiplied by a constant that makes every average of a window exact, whatever its padding leaves of it;
  /// the value itself, aloud, where that needs more than 16 bits.
  Value finer_for_average(const Node& node, const Window& window, const Value& in);
  /// The same value with its falling channels mirrored, so that its chain rises everywhere.
  Value risen(const Value& in, const std::vector<int>& signs, const std::string& name);
  void lower_join(int index);
  /// A summand in real units.
  Value scaled_for_sum(const Value& part, const std::string& name);
  void lower_shape(int index);

  // lower_affine.cc
  /// Applies the map and the units with one affine layer; the result has `target` for its unit and sums
  /// of at most `most_bits` bits. Scales that are part of a format are wired in, so their width costs no
  /// stored bits: as exact as fits.
  Value affine(const Value& in, const AffineMap& map, double target, const std::string& name,
               int most_bits = kMostBits);
  /// A stored bias at the head of the chain, as the shift of an affine layer whose scales are the units: the
  /// result has the unit 1.
  Value with_stored_bias(Value in, const std::string& name);
  /// The value without a chain, by exact means only: an affine layer where the chain is constants, an
  /// activation for a ReLU of few bits.
  Value settled(Value in, const std::string& name);
  /// Settled, with one unit for all channels, and few enough bits for a sum to read; with a float format
  /// given, rounded to that.
  Value readable(const Node& reader);

  [[noreturn]] void refuse(const Node& node, const std::string& why) const;
  const Node& node(int index) const { return graph_.nodes[static_cast<size_t>(index)]; }
  Value& value(int index) { return values_[static_cast<size_t>(index)]; }
  const Value& input_of(int index, size_t slot = 0) const;
  /// Number of channels (last axis) of a value.
  size_t channels(const Value& value) const;
  void put(int index, Value value);
  /// Lets go of what a node's inputs hold once nobody reads them any more.
  void release_inputs(int index);
  void assume(const std::string& what) { result_.assumptions.push_back(what); }

  const Graph& graph_;
  const LowerOptions& options_;
  Builder builder_;
  std::vector<Value> values_;     // per node
  std::vector<int> num_readers_;  // per node, among those needed
  std::vector<int> unread_;       // readers still to come
  std::vector<int64_t> held_;     // numbers in each value, when it was put
  int64_t num_held_ = 0;          // in all that are still read
  std::vector<bool> is_needed_;
  std::vector<bool> is_input_encoding_;  // quantizers that became the input layer
  int output_ = -1;                      // node to end at
  struct Result {
    std::vector<std::string> folded, assumptions;
    std::vector<Difference> differences;
  } result_;
};

}  // namespace netsurf::foreign
