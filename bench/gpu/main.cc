// netsurf_gpu_bench parity|trials|kernels [SECONDS] [quick]: the measurements of scripts/gpu-check that need
// the engine. Status 0: all right; 1: something was wrong; 2: the request was, or this machine has no device.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>

#include "bench/gpu/parts.h"
#include "bench/gpu/row.h"
#include "engine/base/error.h"
#include "kernels/cuda/device.h"

namespace netsurf::bench {

TrialPlan plan_of(const char* rate, uint64_t trials, bool with_loss) {
  TrialPlan plan;
  plan.faults.bit_error_rate = UnitDecimal::parse(rate, "rate");
  plan.end = trials;
  plan.with_loss = with_loss;
  return plan;
}

namespace {

constexpr const char* kUsage = "usage: netsurf_gpu_bench parity|trials|kernels [SECONDS] [quick]";

Effort effort_of(int argc, char** argv) {
  Effort effort;
  for (int i = 2; i < argc; ++i) {
    char* end = nullptr;
    double seconds = std::strtod(argv[i], &end);
    if (std::string_view(argv[i]) == "quick") {
      effort.is_quick = true;
    } else if (end != argv[i] && *end == '\0' && seconds > 0) {
      effort.seconds = seconds;
    } else {
      throw InputError(std::string("\"") + argv[i] + "\" is neither seconds nor quick; " + kUsage);
    }
  }
  return effort;
}

int run(int argc, char** argv) {
  std::string_view part = argc > 1 ? argv[1] : "";
  Effort effort = effort_of(argc, argv);
  auto run_part = part == "parity"    ? run_parity
                  : part == "trials"  ? run_trials
                  : part == "kernels" ? run_kernels
                                      : nullptr;
  if (run_part == nullptr) throw InputError(kUsage);
  if (cuda::num_devices() == 0) throw InputError("no CUDA device here");
  cuda::use_device(0);
  cuda::Device device = cuda::device(0);
  Row("device")
      .add("name", device.name)
      .add("compute", std::to_string(device.major) + "." + std::to_string(device.minor))
      .add("multiprocessors", device.num_multiprocessors)
      .add("clock_ghz", device.clock_khz * 1e-6)
      .add("memory", device.memory)
      .print();
  return run_part(effort) ? 0 : 1;
}

}  // namespace
}  // namespace netsurf::bench

int main(int argc, char** argv) {
  try {
    return netsurf::bench::run(argc, argv);
  } catch (const netsurf::InputError& error) {
    std::fprintf(stderr, "netsurf_gpu_bench: %s\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "netsurf_gpu_bench: %s\n", error.what());
    return 1;
  }
}
