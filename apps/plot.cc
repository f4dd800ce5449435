#include "apps/plot.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "engine/base/error.h"
#include "engine/base/text.h"

extern char** environ;

namespace netsurf {
namespace {

namespace fs = std::filesystem;

/// The folder of the plotting scripts: $NETSURF_SCRIPTS, else where this program was built from.
fs::path scripts_folder() {
  const char* chosen = std::getenv("NETSURF_SCRIPTS");
  return chosen != nullptr ? fs::path(chosen) : fs::path(NETSURF_SCRIPTS_DIR);
}

struct Finished {
  int exit_code = 0;
  std::string output;  // stdout and stderr together
};

Finished run_program_file(std::vector<std::string> words) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) throw RunError("cannot make a pipe for the plotting script");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  posix_spawn_file_actions_addclose(&actions, ends[0]);
  posix_spawn_file_actions_addclose(&actions, ends[1]);
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  pid_t child = 0;
  int error = posix_spawnp(&child, pointers[0], &actions, nullptr, pointers.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  Finished finished;
  std::array<char, 4096> buffer;
  for (ssize_t count = 0; error == 0 && (count = read(ends[0], buffer.data(), buffer.size())) > 0;) {
    finished.output.append(buffer.data(), static_cast<size_t>(count));
  }
  close(ends[0]);
  if (error != 0)
    throw RunError("cannot start " + words[0] + "; install Python 3 with numpy and matplotlib to draw plots");
  int status = 0;
  waitpid(child, &status, 0);
  finished.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
  return finished;
}

/// Runs a script of that folder; the lines it printed.
std::vector<std::string> run_script(const std::string& name, const std::vector<std::string>& arguments) {
  fs::path script = scripts_folder() / name;
  if (!fs::exists(script)) {
    throw RunError("no plotting script at " + script.string() +
                   "; set NETSURF_SCRIPTS to the folder that holds " + name);
  }
  // The distribution's own interpreter has the distribution's numpy and matplotlib.
  std::string python = fs::exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3";
  std::vector<std::string> words = {python, script.string()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  Finished finished = run_program_file(std::move(words));
  if (finished.exit_code != 0) {
    throw RunError("plotting failed, the results are whole: " + std::string(trim(finished.output)));
  }
  return split(finished.output, "\n");
}

}  // namespace

std::vector<std::string> plot_curves(const fs::path& summary_csv, const fs::path& folder) {
  return run_script("plot_curves.py", {summary_csv.string(), folder.string()});
}

std::vector<std::string> plot_comparison(const fs::path& folder) {
  return run_script("plot_compare.py", {folder.string()});
}

std::vector<std::string> plot_prediction(const fs::path& csv, const fs::path& picture) {
  return run_script("plot_predict.py", {csv.string(), picture.string()});
}

}  // namespace netsurf
