// Progress of long work on stderr: one line redrawn on a terminal, otherwise a plain line now and then.
#pragma once

#include <chrono>
#include <ostream>
#include <string>

#include "apps/command.h"

namespace netsurf {

class Progress {
 public:
  explicit Progress(const Streams& streams) : streams_(streams) {}
  /// Ends the line that was being redrawn.
  ~Progress() { finish(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Shows `what done/total`, a bar and the time left, at most a few times a second (on a terminal) or every
  /// few seconds. `seconds_left` below zero: estimated from the start of this object.
  void show(const std::string& what, double done, double total, const std::string& detail = "",
            double seconds_left = -1);
  void finish();

 private:
  using Clock = std::chrono::steady_clock;

  Streams streams_;
  Clock::time_point start_ = Clock::now();
  Clock::time_point last_{};
  bool has_open_line_ = false;
};

}  // namespace netsurf
