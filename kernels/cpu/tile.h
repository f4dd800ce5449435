// How the CPU lays out activations: element by element, and for each element the codes of kTile samples side
// by side, so that every loop's innermost direction is over samples and vectorizes whatever the layer.
#pragma once

#include <cstdint>

namespace netsurf::cpu {

inline constexpr int kTile = 32;  // samples of a tile

// Compiled once per instruction set, chosen when the program loads. Sanitizers cannot follow the resolver.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(NETSURF_SANITIZED)
#define NETSURF_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define NETSURF_CLONES
#endif

}  // namespace netsurf::cpu
