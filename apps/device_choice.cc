#include "apps/device_choice.h"

#include <charconv>
#include <ostream>

#include "apps/option_groups.h"
#include "engine/base/error.h"

namespace netsurf {
namespace {

/// N of "cuda:N", kAllDevices of "cuda". Throws InputError for other texts.
int cuda_device_of(const std::string& text) {
  if (text == "cuda") return kAllDevices;
  const std::string prefix = "cuda:";
  int device = 0;
  if (text.starts_with(prefix)) {
    const char *begin = text.data() + prefix.size(), *end = text.data() + text.size();
    auto [stop, error] = std::from_chars(begin, end, device);
    if (error == std::errc() && stop == end && device >= 0) return device;
  }
  throw InputError("--device is \"" + text + "\"; expected cpu, cuda, cuda:N or auto");
}

}  // namespace

DeviceChoice device_of(const Arguments& arguments) {
  const std::string text = arguments.text("device");
  DeviceChoice choice;
  if (text == "cpu") return choice;
  if (text == "auto") {
    bool is_for_cpu = arguments.has("isa") || arguments.has("cache_memory");
    std::string reason = is_for_cpu ? "--isa and --cache_memory are the CPU's" : why_not_cuda(kAllDevices);
    choice.is_cuda = reason.empty();
    choice.notice = reason.empty() ? "device cuda" : "device cpu: " + reason;
    return choice;
  }
  choice.is_cuda = true;
  choice.cuda_device = cuda_device_of(text);
  for (const char* option : {"isa", "cache_memory"}) {
    if (arguments.has(option)) refuse_idle(option, "with --device " + text);
  }
  if (std::string reason = why_not_cuda(choice.cuda_device); !reason.empty())
    throw InputError("--device " + text + ": " + reason);
  return choice;
}

std::unique_ptr<Backend> DeviceChoice::backend(const Streams& streams) const {
  if (!notice.empty()) streams.err << notice << "\n";
  return is_cuda ? make_cuda_backend(cuda_device) : make_cpu_backend();
}

}  // namespace netsurf
