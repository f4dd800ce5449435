// Reads an untrusted HDF5 file in a child process, so that a file that crashes, hangs or bloats the HDF5
// library costs one process and gives a line of text.
#pragma once

#include <string_view>

#include "models/keras/hdf5_content.h"

namespace netsurf::keras {

/// What walk_hdf5 gives. Throws FormatError with its reason, or saying that the library failed on the file;
/// RunError when no process can be started. The child may use 3 seconds of processor time, one more for every
/// 16 MiB, and 256 MiB and 12 times the file of memory.
Hdf5Content read_hdf5(std::string_view bytes);

}  // namespace netsurf::keras
