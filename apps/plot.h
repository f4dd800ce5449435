// Pictures, drawn by scripts/plot_curves.py with matplotlib.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace netsurf {

/// Draws accuracy-vs-BER curves and heat maps of a summary CSV into `folder`; returns the files written.
/// Throws RunError with the script's own words when it fails, and with a remedy when Python or matplotlib is
/// missing.
std::vector<std::string> plot_curves(const std::filesystem::path& summary_csv,
                                     const std::filesystem::path& folder);

}  // namespace netsurf
