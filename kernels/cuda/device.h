// The devices of this machine.
#pragma once

#include <cstdint>
#include <string>

namespace netsurf::cuda {

struct Device {
  int index = 0;
  std::string name;
  int major = 0, minor = 0;  // compute capability
  int num_multiprocessors = 0;
  int clock_khz = 0;     // of the multiprocessors, at most
  int shared_bytes = 0;  // shared memory that one block may ask for
  uint64_t memory = 0;   // bytes in all
  uint64_t l2_bytes = 0;
};

/// 0 where there is no driver or no device.
int num_devices();
/// Throws Error for an index beyond the devices.
Device device(int index);
/// What this thread does from here on happens there.
void use_device(int index);
/// Bytes that can be allocated now on the device in use.
uint64_t free_memory();

}  // namespace netsurf::cuda
