// Runs the program in process and keeps what it printed.
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "apps/program.h"
#include "engine/base/text.h"

namespace netsurf {

struct Ran {
  int code = 0;
  std::string out, err;
};

/// netsurf with these words, split at blanks.
inline Ran run(const std::string& line) {
  std::ostringstream out, err;
  std::vector<std::string> words = split(line, " ");
  int code = run_program(words, {out, err, false});
  return {code, out.str(), err.str()};
}

}  // namespace netsurf
