// Pictures, drawn by scripts/plot_*.py with matplotlib.
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

/// Draws what the tables of a comparison in `folder` say into `folder`/plots; returns and throws as
/// plot_curves.
std::vector<std::string> plot_comparison(const std::filesystem::path& folder);

/// Draws the curves of `netsurf predict`'s table, and a sweep's beside them, into one picture (.png or .svg);
/// returns and throws as plot_curves.
std::vector<std::string> plot_prediction(const std::filesystem::path& csv,
                                         const std::filesystem::path& picture);

}  // namespace netsurf
