// A study as comma-separated values. The columns are listed in docs/results-file.md. For the same trials the
// first two formats are the same bytes, whatever batches, machines or interruptions brought them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <ostream>
#include <string_view>

#include "engine/store/result_store.h"

namespace netsurf {

enum class ExportFormat : uint8_t {
  summary,   // one row per cell
  trials,    // one row per trial
  original,  // one row per trial, with the columns of the original system's results.csv, times included
};

/// Throws InputError with a suggestion.
ExportFormat parse_export_format(std::string_view text);

/// Rows in the order of cell identities, then of trials.
void write_csv(ResultStore& store, ExportFormat format, std::ostream& out);

/// As write_csv, into a file, replaced in one step. Throws RunError when it cannot be written.
void export_csv(ResultStore& store, ExportFormat format, const std::filesystem::path& path);

}  // namespace netsurf
