#include "engine/backend/planner.h"

#include <gtest/gtest.h>

#include "engine/base/error.h"

namespace netsurf {
namespace {

TEST(Path, IsReadByName) {
  for (Path path : kAllPaths) EXPECT_EQ(parse_path(name_of(path)), path);
  EXPECT_EQ(name_of(Path::automatic), "auto");
  EXPECT_THROW(parse_path("automatic"), InputError);
}

}  // namespace
}  // namespace netsurf
