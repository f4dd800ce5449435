// Runs the cells of a study into its store, and shows what came out: table, CSV files, plots.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "apps/command.h"
#include "apps/model_data.h"
#include "apps/option_groups.h"
#include "apps/pipeline.h"
#include "engine/store/result_store.h"

namespace netsurf {

/// A model with the rankings it is swept with; without rankings only protection 0 can run.
struct RankedModel {
  ModelFile file;
  DataRecipe recipe;
  std::vector<RankingFile> rankings;
};

struct StudyOutputs {
  std::filesystem::path store;
  std::string command_line;  // kept with the run
  bool plot = false;
  bool dry_run = false;  // say what would run, run nothing
  bool tables = true;    // print the study's table and write CSV files beside the store
};

/// results-<fault model>-<design>-seed<N>-<split>[-...].sqlite: a file of its own for every kind of study.
std::string store_name(const StudyRequest& study);

/// Exit code: 0, or 130 when interrupted (what ran is kept, and the line says how to go on).
int run_study(const std::vector<RankedModel>& models, const StudyRequest& study, DataShelf& shelf,
              const StudyOutputs& outputs, const Streams& streams);

/// One row per cell of the store.
std::string study_table(ResultStore& store);

}  // namespace netsurf
