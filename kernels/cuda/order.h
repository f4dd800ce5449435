// From scores to an order, on the device. The order is that of score-based rankings: highest score first,
// ties in the order they came, and no place for what is not a finite number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "kernels/cuda/error.h"
#include "kernels/cuda/memory.h"

namespace netsurf::cuda {

/// A score is infinite or not a number, and so has no place in an order.
class NotFinite : public Error {
 public:
  explicit NotFinite(uint32_t place)
      : Error("score " + std::to_string(place) + " is not a finite number"), place_(place) {}
  /// The first such score.
  uint32_t place() const { return place_; }

 private:
  uint32_t place_;
};

/// The places 0 .. size - 1 of the scores, highest score first, ties by place; minus zero ties with zero.
/// Both arrays, `scores` [size] and the result [size], lie on the device; `download` brings the result to the
/// host. It is there when this returns. REQUIRES: size < 2^32. Throws NotFinite, OutOfMemory or Error.
template <typename Real>
DeviceMemory<uint32_t> descending_order(const Real* scores, size_t size, const Stream& stream);

extern template DeviceMemory<uint32_t> descending_order(const float*, size_t, const Stream&);
extern template DeviceMemory<uint32_t> descending_order(const double*, size_t, const Stream&);

}  // namespace netsurf::cuda
