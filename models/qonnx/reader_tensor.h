// Constants of an ONNX file while it is read: numbers with sizes, and what they are quantized by.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "models/foreign/graph.h"
#include "models/qonnx/onnx_proto.h"

namespace netsurf::qonnx {

using Sizes = std::vector<int64_t>;

inline constexpr int kMaxRank = 8;
/// Elements of one tensor, stored or only declared.
inline constexpr int64_t kMaxElements = int64_t{1} << 28;

/// What is wrong with a node, to follow its name: the walk over the nodes turns it into a FormatError.
class Complaint : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The quantizer of a constant. Scale and zero point are broadcast against its numbers: `sizes` has their
/// rank, each size 1 or theirs.
struct Grid {
  foreign::Quantizer quantizer;  // its own scale and zero_point mean nothing here
  Sizes sizes;
  std::vector<double> scale, zero_point;
  bool holds_codes = false;  // the numbers are codes, not what is to be quantized
};

struct Tensor {
  Sizes sizes;
  std::vector<double> numbers;  // C order; float32 values or integers
  bool is_real = true;          // float32; else integers
  int bits = 64;                // of the integer type
  bool is_signed = true;
  std::string name;  // of the initializer it comes from
  std::optional<Grid> grid;
};

/// How many numbers reading may still make: a small file must not ask for much memory.
class Budget {
 public:
  explicit Budget(uint64_t numbers) : left_(numbers) {}
  /// False when `numbers` are more than what is left; else takes them.
  bool take(uint64_t numbers);

 private:
  uint64_t left_;
};

/// Product of sizes, or -1 when one is negative or it exceeds kMaxElements.
int64_t count_of(const Sizes& sizes);
std::string sizes_text(const Sizes& sizes);  // "[1,3,32,32]"
/// Text from a file, fit for a message: quoted, cut at 80 bytes, odd characters replaced.
std::string quote(const std::string& text);

/// A tensor the file stores; `external` gives the bytes of one kept outside the file.
Tensor tensor_of(const onnx::TensorProto& proto, Budget& budget,
                 const std::function<std::string(const onnx::TensorProto&)>& external);

/// For every number of a tensor of `sizes` the index into one of `small` that is broadcast against it.
/// REQUIRES: equal ranks, every small size 1 or equal.
std::vector<int64_t> broadcast_index(const Sizes& sizes, const Sizes& small);
/// Sizes with ones in front up to `rank`; ones in front are dropped where there are more.
Sizes with_rank(Sizes sizes, size_t rank);

/// The real numbers that a quantized constant stands for, in float32; the tensor itself without a quantizer.
Tensor plain(const Tensor& tensor);

/// The numbers at `index`, as a constant of the foreign graph with `shape`. The scale may vary along the
/// first axis of `shape` alone: Complaint otherwise, or for numbers that are not finite.
foreign::Constant gather(const Tensor& tensor, const std::vector<int64_t>& index, const Shape& shape);

}  // namespace netsurf::qonnx
