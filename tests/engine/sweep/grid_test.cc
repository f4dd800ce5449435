#include "engine/sweep/grid.h"

#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "tests/engine/sweep/fake_session.h"

namespace netsurf {
namespace {

using testing::decimals;
using testing::example_grid;

TEST(Grid, CellsAreAscendingAndWithoutRepeats) {
  Grid grid = example_grid();
  grid.protections = decimals({"0.2", "0", "0.20"});
  grid.bit_error_rates = decimals({"1e-1", "0.001", "0.1"});
  std::vector<Cell> cells = cells_of(grid);
  ASSERT_EQ(cells.size(), 8u);
  EXPECT_EQ(cells[0].ranking, 0u);
  EXPECT_EQ(cells[0].protection.text(), "0");
  EXPECT_EQ(cells[0].bit_error_rate.text(), "0.001");
  EXPECT_EQ(cells[1].bit_error_rate.text(), "0.1");
  EXPECT_EQ(cells[2].protection.text(), "0.2");
  EXPECT_EQ(cells[7].ranking, 1u);
}

TEST(Grid, EmptyListsAreRefused) {
  for (auto spoil : {+[](Grid& g) { g.models.clear(); }, +[](Grid& g) { g.models[0].rankings.clear(); },
                     +[](Grid& g) { g.protections.clear(); }, +[](Grid& g) { g.bit_error_rates.clear(); }}) {
    Grid grid = example_grid();
    spoil(grid);
    EXPECT_THROW(cells_of(grid), InputError);
  }
}

TEST(Grid, WithoutARankingOnlyProtectionZeroGoes) {
  Grid grid = example_grid();
  grid.models[0].rankings = {GridRanking()};
  EXPECT_THROW(cells_of(grid), InputError);
  grid.protections = decimals({"0"});
  EXPECT_EQ(cells_of(grid).size(), 2u);
}

TEST(Grid, ARankingOfAnotherModelIsRefused) {
  Grid grid = example_grid();
  grid.models[0].rankings[1].model_digest = "another";
  EXPECT_THROW(cells_of(grid), InputError);
}

TEST(Grid, AModelOrARankingGivenTwiceIsRefused) {
  Grid grid = testing::example_grid();
  grid.models.push_back(grid.models[0]);
  EXPECT_THROW(cells_of(grid), InputError);
  grid.models[1].name = "tiny_pruned";
  EXPECT_EQ(cells_of(grid).size(), 16u) << "the same weights under another name are another cell";
  grid.models[0].rankings.push_back(grid.models[0].rankings[0]);
  EXPECT_THROW(cells_of(grid), InputError);
  grid.models[0].rankings.back().suffix = "again";
  EXPECT_EQ(cells_of(grid).size(), 20u);
}

}  // namespace
}  // namespace netsurf
