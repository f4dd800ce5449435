// The loops of levels that this machine may lack, with their instructions computed in plain C++.
#pragma once

#include "kernels/cpu/packed.h"

namespace netsurf::cpu {

const PackedKernels& emulated_avx2();         // eight lanes, sums of pairs in 16 bits
const PackedKernels& emulated_avx_vnni();     // eight lanes, dot products of bytes
const PackedKernels& emulated_avx512_vnni();  // sixteen lanes, two quads or two pixels at once
const PackedKernels& emulated_amx();          // a matrix unit

}  // namespace netsurf::cpu
