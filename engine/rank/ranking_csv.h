// The original's ranking.csv: one row per bit, for scripts that read that file.
#pragma once

#include <iosfwd>
#include <string>

#include "engine/rank/ranking.h"

namespace netsurf {

/// Writes `#` and one line of JSON (configuration and ranking time), the column names, then a row per bit in
/// ranking order. Columns and their meanings are in docs/rankings.md. Throws InputError when ranking, model
/// and space do not belong together.
void write_ranking_csv(const Ranking& ranking, const Model& model, const BitSpace& space, std::ostream& out);

/// The same as one text; about 120 bytes per bit.
std::string ranking_to_csv(const Ranking& ranking, const Model& model, const BitSpace& space);

}  // namespace netsurf
