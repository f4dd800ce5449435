// The rules that give a layer its type: what every one of them sees, and one function per layer kind. Each
// throws InputError naming the layer, what was found and what was expected.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/model/exactness.h"

namespace netsurf {

/// Wide enough that no product or sum of bounds overflows on the way to being refused.
using WideBound = __int128;

inline constexpr WideBound kMaxBound = WideBound{1} << 62;
inline constexpr int64_t kMaxElements = int64_t{1} << 31;  // of one layer's output

/// Everything a rule needs to type one layer.
struct TypeScope {
  const Layer& layer;
  std::span<const Parameter> parameters;
  std::vector<const TensorType*> inputs;

  [[noreturn]] void refuse(const std::string& why) const;
  void expect_inputs(size_t at_least, size_t at_most) const;
  /// The parameter in a role, or null; refuses one of another shape.
  const Parameter* parameter(int index, const char* role, const Shape& shape, bool is_required) const;
  /// The first input, which must have at most 16 bits.
  const TensorType& narrow_input() const;
  void expect_image(const TensorType& in) const;
  /// The type with this bound, refused above 2^62, and with fraction bits or sizes out of range.
  TensorType finish(Shape shape, int frac_bits, WideBound bound) const;
  /// `value` x 2^shift; refuses shifts above 62.
  WideBound shifted(WideBound value, int shift) const;
};

/// Largest |code|.
int64_t magnitude(const TensorType& type);

// type_sums.cc
TensorType type_dense(const TypeScope& scope);
TensorType type_conv2d(const TypeScope& scope);
TensorType type_conv2d_transpose(const TypeScope& scope);
TensorType type_affine(const TypeScope& scope);

// type_windows.cc
TensorType type_pool(const TypeScope& scope);
TensorType type_sum_pool(const TypeScope& scope);
TensorType type_global_average_pool(const TypeScope& scope);
TensorType type_upsample(const TypeScope& scope);
/// Refuses sizes, strides, dilations and padding out of range; the padding below and on the right may go down
/// to the given numbers.
void expect_sane_window(const TypeScope& scope, int least_bottom, int least_right);
/// Output height and width of a window over an image; every window must touch the image.
std::pair<int, int> window_output(const TypeScope& scope, const TensorType& in);

// type_codes.cc: layers that saturate to codes of a format
TensorType type_input(const TypeScope& scope);
TensorType type_activation(const TypeScope& scope);
TensorType type_threshold(const TypeScope& scope);

// type_joins.cc
TensorType type_join(const TypeScope& scope);
TensorType type_reshaped(const TypeScope& scope);
TensorType type_softmax(const TypeScope& scope);

}  // namespace netsurf
