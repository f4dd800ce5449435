#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
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

/// A closed stdout or stderr would lend its number to the next file that is opened, and results would be
/// printed into a model or a store. stdout is held by something that cannot be written, so that printing
/// fails.
void hold_standard_streams() {
  for (int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(stream, F_GETFD) == -1) open("/dev/null", stream == STDERR_FILENO ? O_WRONLY : O_RDONLY);
  }
}

/// 0 becomes 1 when not all results reached stdout.
int exit_code_after_flushing(int code) {
  errno = 0;
  std::cout.flush();
  if (std::cout.good()) return code;
  std::cerr << "netsurf: cannot write all results to standard output"
            << (errno != 0 ? std::string(": ") + std::strerror(errno) : "")
            << "; what is in files is whole\n";
  return code == 0 ? 1 : code;
}

}  // namespace

int main(int argc, char** argv) {
  hold_standard_streams();
  let_waiting_threads_sleep(argv);
  std::signal(SIGPIPE, SIG_IGN);  // a reader that has gone is a failed write, not the end of a sweep
  std::vector<std::string> arguments(argv + 1, argv + argc);
  return exit_code_after_flushing(
      netsurf::run_program(arguments, {std::cout, std::cerr, isatty(STDERR_FILENO) != 0}));
}
