#include "models/keras/hdf5_file.h"

#include "models/keras/child_process.h"
#include "models/keras/hdf5_walk.h"

namespace netsurf::keras {

Hdf5Content read_hdf5(std::string_view bytes) {
  // Damaged files can make the library loop for ever; it reads whole ones at far more than 16 MiB a second.
  // It keeps a copy of the file, and int8 becomes float32 twice, as numbers and as the reply.
  ChildLimits limits;
  limits.processor_seconds += bytes.size() >> 24;
  limits.more_bytes += 12 * bytes.size();
  return unpack(run_in_child("the file is damaged: reading it with the HDF5 library", limits,
                             [bytes] { return pack(walk_hdf5(bytes)); }));
}

}  // namespace netsurf::keras
