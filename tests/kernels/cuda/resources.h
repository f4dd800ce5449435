// What the compiler reserved for the kernels in a compiled library or object, read from the device code in
// it: what `cuobjdump --dump-resource-usage` prints, where only nvcc is installed.
#pragma once

#include <string>
#include <vector>

namespace netsurf::testing {

struct KernelResources {
  std::string file;           // the source whose anonymous namespace holds it, such as "draw_cu"; or empty
  std::string name;           // demangled, with its parameters
  int architecture = 0;       // 90 for sm_90
  unsigned registers = 0;     // per thread
  unsigned stack_bytes = 0;   // per thread: spilled registers and arrays, of the kernel and of what it calls
  unsigned local_bytes = 0;   // per thread, beside the stack
  unsigned shared_bytes = 0;  // per block, without what a launch adds; with the device's own 1 KB (sm_90)
};

/// Every kernel of every real architecture in the file at `path`. Throws std::runtime_error for
/// a file it cannot read and for device code whose parts are not where they are expected.
std::vector<KernelResources> kernel_resources(const std::string& path);

}  // namespace netsurf::testing
