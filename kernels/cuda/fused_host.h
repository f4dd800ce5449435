// The fused and delta paths' own source on the host, block after block: what tests compare where there is no
// device.
#pragma once

#include "kernels/cuda/delta.h"

namespace netsurf::cuda {

/// As run_fused; everything pointed to is the host's.
void run_fused_on_host(const FusedNetwork& network, const FusedGrid& grid, const FusedBatch& batch);

/// As make_products and run_delta, likewise.
void make_products_on_host(const DeltaNetwork& network, int num_tiles, int32_t* products);
void run_delta_on_host(const DeltaNetwork& network, const FusedGrid& grid, const FusedBatch& batch);

}  // namespace netsurf::cuda
