// What the CUDA runtime refuses. Readable by a plain C++ compiler, as are all headers of this folder.
#pragma once

#include <stdexcept>

namespace netsurf::cuda {

/// A call of the CUDA runtime failed. The text names the call and what the runtime said.
class Error : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The device has not the memory that was asked for; less may do.
class OutOfMemory : public Error {
  using Error::Error;
};

}  // namespace netsurf::cuda
