// Trigger-cell charges of the CMS HGCal as the images that ECON-T autoencoders read.
#pragma once

#include <filesystem>
#include <string>

#include "models/csv.h"
#include "models/datasets_array.h"

namespace netsurf {

/// Whether the columns are CALQ_0 to CALQ_47: the charges of a wafer's 48 cells.
bool is_wafer_table(const NumberTable& table);

/// Whether the first line of a file names those columns; false for a file that cannot be read.
bool read_wafer_header(const std::filesystem::path& file);

/// Images [wafers, 8, 8, 1]: each wafer's charges divided by the largest power of two that is not above their
/// sum, so that values lie below 2, in the authors' arrangement of cells; the 16 places without a cell hold
/// 0. Wafers without any charge are left out, as the authors do. Throws FormatError naming `name` for a
/// negative charge. REQUIRES: is_wafer_table.
NumberArray wafer_images(const NumberTable& table, const std::string& name);

}  // namespace netsurf
