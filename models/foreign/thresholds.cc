#include "models/foreign/thresholds.h"

namespace netsurf::foreign {

int64_t first_reached(int64_t low, int64_t high, const std::function<bool(int64_t)>& reached) {
  int64_t end = high + 1;  // reached, or beyond the range
  while (low < end) {
    int64_t middle = low + (end - low) / 2;
    if (reached(middle)) {
      end = middle;
    } else {
      low = middle + 1;
    }
  }
  return end;
}

}  // namespace netsurf::foreign
