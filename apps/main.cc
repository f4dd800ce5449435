#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "apps/program.h"

namespace {

/// Training and small batches enter a parallel region every few hundred microseconds. OpenMP's threads spin
/// between regions, which on a machine that others use too costs many times the work itself. libgomp reads
/// the policy when it is loaded, so the program starts itself once more with it; should that fail, threads
/// spin.
void let_waiting_threads_sleep(char** argv) {
  if (std::getenv("OMP_WAIT_POLICY") != nullptr || std::getenv("GOMP_SPINCOUNT") != nullptr) return;
  setenv("OMP_WAIT_POLICY", "passive", 1);
  execv("/proc/self/exe", argv);
}

}  // namespace

int main(int argc, char** argv) {
  let_waiting_threads_sleep(argv);
  std::vector<std::string> arguments(argv + 1, argv + argc);
  return netsurf::run_program(arguments, {std::cout, std::cerr, isatty(STDERR_FILENO) != 0});
}
