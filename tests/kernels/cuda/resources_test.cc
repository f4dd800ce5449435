// The kernels where time goes keep all they work on in registers: none has a stack, on any architecture
// compiled for.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <iomanip>
#include <iostream>
#include <set>
#include <sstream>

#include "tests/kernels/cuda/resources.h"

namespace netsurf::testing {
namespace {

struct HotKernel {
  std::string file, name;  // `name` is part of the demangled name
};

const std::vector<HotKernel> kHotKernels = {
    {"fused_cu", "::fused_kernel<8, 384>("},
    {"fused_cu", "::fused_kernel<4, 512>("},
    {"fused_cu", "::pack_kernel("},
    {"fused_cu", "::sum_kernel("},
    {"delta_cu", "::delta_kernel("},
    {"delta_cu", "::products_kernel("},
    {"draw_cu", "::count_kernel("},
    {"draw_cu", "::count_unprotected_kernel("},
    {"draw_cu", "::write_kernel("},
    {"draw_cu", "::repeat_kernel("},
    {"draw_starts_cu", "::pick_kernel("},
    {"label_rotation_cu", "::count_kernel("},
    {"label_rotation_cu", "::write_kernel("},
    {"label_slices_cu", "::number_kernel("},
    {"label_slices_cu", "::pass_kernel("},
    {"label_slices_cu", "::slice_kernel("},
    {"label_slices_cu", "::copy_kernel("},
    {"label_sort_cu", "::find_kernel("},
    {"patch_cu", "::patch_kernel("},
    {"layer_run_cu", "::copy_images("},
    {"layer_run_cu", "::patch_images("},
    {"layer_run_cu", "::decode_images("},
    {"layer_run_cu", "::compute_layer<netsurf::cuda::SumsBody<int, "},
    {"layer_run_cu", "::compute_layer<netsurf::cuda::SumsBody<long, "},
    {"layer_run_cu", "::sum_units("},
    {"layer_run_cu", "::score_samples("},
    {"order_cu", "::make_keys<float>("},
    {"order_cu", "::make_keys<double>("},
};

bool is(const KernelResources& kernel, const HotKernel& hot) {
  return kernel.file == hot.file && kernel.name.find(hot.name) != std::string::npos;
}

/// Those of CMAKE_CUDA_ARCHITECTURES that become machine code: "80-real" and "80" do, "80-virtual" does not.
std::set<int> real_architectures() {
  std::set<int> real;
  std::istringstream words(NETSURF_CUDA_ARCHITECTURES);
  for (std::string word; words >> word;)
    if (std::isdigit(static_cast<unsigned char>(word[0])) != 0 && !word.ends_with("-virtual"))
      real.insert(std::stoi(word));
  return real;
}

std::string short_name(std::string name) {
  for (const std::string noise : {"void ", "netsurf::cuda::", "(anonymous namespace)::"})
    for (size_t at = name.find(noise); at != std::string::npos; at = name.find(noise))
      name.erase(at, noise.size());
  return name.substr(0, name.find('('));
}

std::string row(const KernelResources& kernel) {
  std::ostringstream out;
  out << "sm_" << kernel.architecture << std::setw(5) << kernel.registers << " registers" << std::setw(7)
      << kernel.shared_bytes << " B shared" << std::setw(5) << kernel.stack_bytes << " B stack"
      << std::setw(5) << kernel.local_bytes << " B local  " << kernel.file << "  " << short_name(kernel.name);
  return out.str();
}

bool in_registers(const KernelResources& kernel) {
  return kernel.stack_bytes == 0 && kernel.local_bytes == 0;
}

TEST(Resources, NoKernelOfOursSpills) {
  for (const KernelResources& kernel : kernel_resources(NETSURF_CUDA_LIBRARY)) {
    if (kernel.name.find("netsurf::cuda::") == std::string::npos) continue;
    std::cout << row(kernel) << "\n";
    EXPECT_TRUE(in_registers(kernel)) << row(kernel);
  }
}

TEST(Resources, EveryHotKernelIsSeenOnEveryArchitecture) {
  const std::set<int> architectures = real_architectures();
  if (architectures.empty())
    GTEST_SKIP() << "compiled for no real architecture: " << NETSURF_CUDA_ARCHITECTURES;
  const std::vector<KernelResources> kernels = kernel_resources(NETSURF_CUDA_LIBRARY);
  for (const int architecture : architectures)
    for (const HotKernel& hot : kHotKernels)
      EXPECT_TRUE(std::any_of(kernels.begin(), kernels.end(),
                              [&](const KernelResources& kernel) {
                                return kernel.architecture == architecture && is(kernel, hot);
                              }))
          << hot.file << " " << hot.name << ") for sm_" << architecture << " is not in "
          << NETSURF_CUDA_LIBRARY;
}

TEST(Resources, ASpillIsNoticed) {
  if (real_architectures().empty())
    GTEST_SKIP() << "compiled for no real architecture: " << NETSURF_CUDA_ARCHITECTURES;
  const std::vector<KernelResources> kernels = kernel_resources(NETSURF_CUDA_SPILLING);
  ASSERT_EQ(kernels.size(), real_architectures().size());
  for (const KernelResources& kernel : kernels) {
    EXPECT_EQ(short_name(kernel.name), "netsurf::testing::spilling_kernel");
    EXPECT_LE(kernel.registers, 24u);
    EXPECT_GE(kernel.stack_bytes, 100u) << "64 values in 24 registers";
    EXPECT_FALSE(in_registers(kernel)) << row(kernel);
  }
}

}  // namespace
}  // namespace netsurf::testing
