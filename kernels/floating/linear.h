// Layers without weights, frozen so that they are linear maps of their input: applied, and transposed. What
// is frozen (slopes, winners) belongs to a sample and is shared by its lanes. Every function adds to its
// result, for Real = float and double; x and dy are [samples, lanes, elements].
#pragma once

#include <cstdint>

#include "kernels/floating/conv2d.h"
#include "kernels/floating/lanes.h"

namespace netsurf::floating {

/// y[n, k, i] += slope[n, i] x[n, k, i]; its own transpose. An activation.
template <typename Real>
void slope_apply(LaneShape tile, int64_t size, const Real* slope, const Real* x, Real* y);

/// y[n, k, i] += x[n, k, winner[n, i]], winner [samples, out_size] places in a row of x [in_size]. A max
/// pool.
template <typename Real>
void choice_apply(LaneShape tile, int64_t in_size, int64_t out_size, const int32_t* winner, const Real* x,
                  Real* y);
template <typename Real>
void choice_transpose(LaneShape tile, int64_t in_size, int64_t out_size, const int32_t* winner,
                      const Real* dy, Real* dx);

/// y = sum of the window's positions inside the image, divided by their number if `averages`. in.batch is not
/// used.
template <typename Real>
void window_sum_apply(LaneShape tile, const ImageShape& in, const WindowShape& window, bool averages,
                      const Real* x, Real* y);
template <typename Real>
void window_sum_transpose(LaneShape tile, const ImageShape& in, const WindowShape& window, bool averages,
                          const Real* dy, Real* dx);

/// Every pixel of x becomes height x width pixels of y.
template <typename Real>
void upsample_apply(LaneShape tile, const ImageShape& in, int height, int width, const Real* x, Real* y);
template <typename Real>
void upsample_transpose(LaneShape tile, const ImageShape& in, int height, int width, const Real* dy,
                        Real* dx);

}  // namespace netsurf::floating
