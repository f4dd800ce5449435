#include "models/keras/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <exception>
#include <fstream>
#include <string_view>

#include "engine/base/error.h"

namespace netsurf::keras {
namespace {

void limit(int resource, rlim_t value) {
  rlimit limits{};
  if (getrlimit(static_cast<__rlimit_resource_t>(resource), &limits) != 0) return;
  limits.rlim_cur = std::min(value, limits.rlim_max);
  setrlimit(static_cast<__rlimit_resource_t>(resource), &limits);
}

/// Private writable memory of this process, in bytes; 0 when unknown.
rlim_t data_bytes() {
  std::ifstream status("/proc/self/statm");
  rlim_t total = 0, resident = 0, shared = 0, text = 0, library = 0, data = 0;
  status >> total >> resident >> shared >> text >> library >> data;
  return status ? data * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) : 0;
}

[[noreturn]] void answer(int pipe_end, const ChildLimits& limits, rlim_t data_before,
                         const std::function<std::string()>& work) {
  // A crash must look like one to the parent, not run a handler of this program.
  for (int number : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGXCPU}) signal(number, SIG_DFL);
  if (int quiet = open("/dev/null", O_WRONLY); quiet >= 0) {
    dup2(quiet, STDOUT_FILENO);
    dup2(quiet, STDERR_FILENO);
  }
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_CPU, limits.processor_seconds);
  if (kChildMemoryIsLimited && data_before > 0) limit(RLIMIT_DATA, data_before + limits.more_bytes);
  std::string reply;
  try {
    reply = "+" + work();
  } catch (const std::exception& error) {
    reply = std::string("-") + error.what();
  }
  std::string_view left = reply;
  while (!left.empty()) {
    ssize_t written = write(pipe_end, left.data(), left.size());
    if (written < 0 && errno != EINTR) break;
    if (written > 0) left.remove_prefix(static_cast<size_t>(written));
  }
  _exit(left.empty() ? 0 : 1);
}

/// The child and the reading end of its pipe; ends the child when an error leaves early.
class Child {
 public:
  Child(const ChildLimits& limits, const std::function<std::string()>& work) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
      throw RunError(std::string("cannot make a pipe: ") + std::strerror(errno));
    rlim_t data_before = data_bytes();
    process_ = fork();
    if (process_ == 0) answer(ends[1], limits, data_before, work);
    int cause = errno;
    close(ends[1]);
    end_ = ends[0];
    if (process_ < 0) {
      close(end_);
      throw RunError(std::string("cannot start a process: ") + std::strerror(cause));
    }
  }
  ~Child() {
    close(end_);
    if (process_ > 0) {
      kill(process_, SIGKILL);
      wait();
    }
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// All the child writes within `limit`; ends it when that is over.
  std::string reply(std::chrono::milliseconds limit) {
    using Clock = std::chrono::steady_clock;
    Clock::time_point end = Clock::now() + limit;
    std::string bytes;
    char buffer[1 << 16];
    while (true) {
      auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
      pollfd waiting{end_, POLLIN, 0};
      int ready = poll(&waiting, 1, static_cast<int>(std::clamp<int64_t>(left, 0, 1 << 30)));
      if (ready == 0) {
        kill(process_, SIGKILL);
        return "";
      }
      if (ready < 0 && errno == EINTR) continue;
      ssize_t got = ready < 0 ? -1 : read(end_, buffer, sizeof buffer);
      if (got == 0) return bytes;
      if (got < 0 && errno != EINTR)
        throw RunError(std::string("cannot read a pipe: ") + std::strerror(errno));
      if (got > 0) bytes.append(buffer, static_cast<size_t>(got));
    }
  }

  /// The wait status.
  int wait() {
    int status = 0;
    while (waitpid(process_, &status, 0) < 0 && errno == EINTR) {
    }
    process_ = -1;
    return status;
  }

 private:
  pid_t process_ = -1;
  int end_ = -1;
};

}  // namespace

std::string run_in_child(const std::string& what, const ChildLimits& limits,
                         const std::function<std::string()>& work) {
  Child child(limits, work);
  constexpr int kPatience = 10;
  std::string reply = child.reply(kPatience * std::chrono::seconds(limits.processor_seconds));
  int status = child.wait();
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || reply.empty()) {
    std::string signal_text = WIFSIGNALED(status) ? " (signal " + std::to_string(WTERMSIG(status)) + ")" : "";
    throw FormatError(what + " failed" + signal_text);
  }
  if (reply[0] != '+') throw FormatError(reply.substr(1));
  reply.erase(0, 1);
  return reply;
}

}  // namespace netsurf::keras
