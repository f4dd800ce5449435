#include "apps/ratio.h"

#include <cmath>
#include <sstream>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace netsurf {

double ratio_of(const Arguments& arguments, std::string_view name, double low, double high) {
  constexpr double kMost = 1e300;
  std::string text = arguments.text(name), what = "--" + std::string(name);
  size_t slash = text.find('/');
  if (slash == std::string::npos) return parse_real(text, what, low, high);
  double numerator = parse_real(text.substr(0, slash), what, -kMost, kMost);
  double denominator = parse_real(text.substr(slash + 1), what, -kMost, kMost);
  double value = numerator / denominator;
  if (!std::isfinite(value) || value < low || value > high) {
    std::ostringstream range;
    range << low << " to " << high;
    throw InputError(what + " " + text + ": expected a number or a quotient such as 1/255, " + range.str());
  }
  return value;
}

}  // namespace netsurf
