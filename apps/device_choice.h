// Which backend runs the trials: --device.
#pragma once

#include <memory>
#include <string>

#include "apps/command.h"
#include "engine/backend/cuda/cuda_backend.h"

namespace netsurf {

struct DeviceChoice {
  bool is_cuda = false;
  int cuda_device = kAllDevices;
  std::string notice;  // what auto chose and why, to be said on stderr; empty where the device was named

  /// Says the notice.
  std::unique_ptr<Backend> backend(const Streams& streams) const;
};

/// Throws InputError for other words than cpu, cuda, cuda:N and auto, for a device that is not here, and for
/// flags that the device does not know.
DeviceChoice device_of(const Arguments& arguments);

}  // namespace netsurf
