// The built program as a process of its own, for tests that send it signals.
#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

namespace netsurf {

/// Starts the program with its output in `log`; returns its process id.
inline pid_t start_program(const std::vector<std::string>& words, const std::filesystem::path& log) {
  std::vector<char*> pointers = {const_cast<char*>(NETSURF_PROGRAM)};
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  pid_t child = fork();
  if (child != 0) return child;
  int file = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  dup2(file, STDOUT_FILENO);
  dup2(file, STDERR_FILENO);
  execv(NETSURF_PROGRAM, pointers.data());
  _exit(127);
}

/// Waits for the end of a process: its exit code, or minus the signal that ended it.
inline int wait_for_end(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace netsurf
