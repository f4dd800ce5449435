#include "apps/progress.h"

#include <algorithm>
#include <cstdio>

#include "engine/base/text.h"

namespace netsurf {
namespace {

constexpr int kBarWidth = 24;
constexpr double kTerminalPeriod = 0.2;  // seconds between redrawings
constexpr double kLinePeriod = 5.0;      // seconds between lines when nobody watches

std::string bar(double share) {
  int filled = static_cast<int>(share * kBarWidth);
  return "[" + std::string(static_cast<size_t>(filled), '#') +
         std::string(static_cast<size_t>(kBarWidth - filled), '.') + "]";
}

}  // namespace

void Progress::show(const std::string& what, double done, double total, const std::string& detail,
                    double seconds_left) {
  Clock::time_point now = Clock::now();
  double since = std::chrono::duration<double>(now - last_).count();
  bool is_last = done >= total;
  bool due = last_ != Clock::time_point{}
                 ? since >= (streams_.is_terminal ? kTerminalPeriod : kLinePeriod)
                 : streams_.is_terminal || std::chrono::duration<double>(now - start_).count() >= kLinePeriod;
  if (!due && !(is_last && has_open_line_)) return;
  last_ = now;
  double share = total > 0 ? std::clamp(done / total, 0.0, 1.0) : 1.0;
  double elapsed = std::chrono::duration<double>(now - start_).count();
  if (seconds_left < 0) seconds_left = share > 0 ? elapsed / share - elapsed : -1;
  char percent[16];
  std::snprintf(percent, sizeof percent, "%3.0f %%", 100 * share);
  std::string line = what + " " + bar(share) + " " + percent;
  if (!detail.empty()) line += ", " + detail;
  if (!is_last && seconds_left >= 0) line += ", " + duration_text(seconds_left) + " left";
  if (streams_.is_terminal) {
    streams_.err << "\r\x1b[K" << line << std::flush;
    has_open_line_ = true;
  } else {
    streams_.err << line << std::endl;
  }
}

void Progress::finish() {
  if (has_open_line_) streams_.err << std::endl;
  has_open_line_ = false;
}

}  // namespace netsurf
