// How an ONNX tensor lies in the engine's tensor that holds the same numbers. The engine keeps images
// channels last; the file counts through them in its own order, and reshapes and transposes change that
// order, never the data.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "models/qonnx/reader_tensor.h"

namespace netsurf::qonnx {

class Layout {
 public:
  /// The engine counts as the file does.
  static Layout same(Sizes sizes);
  /// The engine counts through these axes of the ONNX tensor, first to last; all others have size 1.
  static Layout stored(Sizes sizes, const std::vector<int>& axes);

  const Sizes& sizes() const { return sizes_; }

  /// Other sizes for the same numbers in the same ONNX order. REQUIRES: the same number of elements.
  void reshape(Sizes sizes) { sizes_ = std::move(sizes); }
  /// False when an earlier reshape mixed the axes, so that they cannot be told apart.
  bool transpose(const std::vector<int>& permutation);

  /// Whether the engine counts through these axes, first to last, all others having size 1.
  bool is_stored(const std::vector<int>& axes) const;
  /// Whether the same permutation leads from the file's order to the engine's.
  bool same_order(const Layout& other) const;

  /// For each of the engine's last `channels` positions the index into a constant of sizes `constant`, which
  /// is broadcast against this tensor; empty when the constant varies elsewhere too, or axes cannot be told
  /// apart. REQUIRES: equal ranks, each size of the constant 1 or equal; `channels` divides the number of
  /// elements.
  std::optional<std::vector<int64_t>> index(const Sizes& constant, int64_t channels) const;

 private:
  void join();
  void cut(size_t place, int64_t first);
  /// For each piece the ONNX axis it belongs to; empty when a piece belongs to two.
  std::optional<std::vector<int>> owners();

  Sizes sizes_;
  // The engine's order cut into pieces larger than 1, and the order in which the file counts through them.
  Sizes pieces_;
  std::vector<int> order_;
};

}  // namespace netsurf::qonnx
