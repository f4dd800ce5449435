// Walks an HDF5 file with the C library. The library can crash on damaged files: call this through
// hdf5_file.h, which does it in a process of its own.
#pragma once

#include <string_view>

#include "models/keras/hdf5_content.h"

namespace netsurf::keras {

/// Everything but the optimizer's state. Throws FormatError for what is no HDF5 file, for links to other
/// files, external storage, virtual data sets, filters, arrays that are larger than the bytes that hold them,
/// more than 20,000 objects, or groups nested deeper than 32.
Hdf5Content walk_hdf5(std::string_view bytes);

}  // namespace netsurf::keras
