#include "engine/backend/planner.h"

#include <array>
#include <string>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace netsurf {
namespace {

const std::array<std::string, 4> kNames = {"plain", "dense", "delta", "auto"};

}  // namespace

std::string_view name_of(Path path) { return kNames[static_cast<size_t>(path)]; }

Path parse_path(std::string_view text) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == text) return static_cast<Path>(i);
  }
  throw InputError(unknown_word_message("path", text, kNames));
}

}  // namespace netsurf
