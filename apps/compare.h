// `netsurf rank --compare`: rankings of one model against each other, against measured single flips, and by
// what is lost under faults with each.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/command.h"
#include "apps/device_choice.h"
#include "apps/model_data.h"
#include "apps/pipeline.h"
#include "engine/rank/damage.h"
#include "engine/sweep/regret.h"

namespace netsurf {

/// --compare and what goes with it: --ranking, --oracle, --protection_range, ..., session_options().
std::vector<Option> compare_options();

/// Rankings are computed on training samples and judged on these.
inline constexpr const char* kJudgedSplit = "test";

/// What was asked for with --compare.
struct CompareRequest {
  std::vector<RankingFile> given;  // --ranking
  std::optional<Damage> oracle;
  RegretOptions regret;
  std::vector<UnitDecimal> tops;
  std::string baseline;  // empty: the first
  int resamples = 0;
  int64_t num_samples = 0;  // to judge on; 0: all of the test split
  std::filesystem::path folder;
  bool plot = false;
  SessionOptions session;
  DeviceChoice device;
};

/// Nothing without --compare. Throws InputError for options of a comparison without one, and for rankings
/// and damages that are not of this model and bit space: before anything is ranked.
std::optional<CompareRequest> compare_request(const Arguments& arguments, const ModelFile& file,
                                              const Streams& streams);

/// Compares `made` and request.given, prints the tables, writes CSV files and figures to request.folder.
/// Exit code: 0, or 130 when interrupted; the cells that were complete are written.
int compare(const CompareRequest& request, const ModelFile& file, std::vector<RankingFile> made,
            const Arguments& arguments, DataShelf& shelf, const Streams& streams);

}  // namespace netsurf
