// Ranking one network by every method there is, and what is right in the outcome.
#pragma once

#include <string>

#include "engine/rank/ranker.h"

namespace netsurf {

/// Settings that make a method quick, where it has them.
RankerSettings quick(const RankerRow& row);

/// What is wrong with a ranking that answers the request; empty when nothing is: it holds every bit once,
/// every score is finite, and it says where it came from.
std::string complaint(const Ranking& ranking, const RankerRow& row, const RankRequest& request);

/// Ranks by every listed method (without data: by those that read none), the cheap ones once more on two
/// threads, and fails the test that runs where a ranking is wrong. Prints one line: how many, how long, what
/// was left out.
void rank_by_all(const std::string& name, const Model& model, const EvaluationSet* data);

}  // namespace netsurf
