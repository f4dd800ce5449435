// The files a data set may be made of, and where they are looked for.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "models/datasets.h"
#include "models/datasets_samples.h"

namespace netsurf {

/// What the files held: either `whole`, or `test` and (unless only the test half was asked for) `train`.
struct RawDataset {
  std::optional<LabelledSamples> train, test, whole;
};

/// Reads `datasets_dir`/`name` in the first layout it holds (see models/README.md). `known` is the set's row
/// in the table, or null. Nothing when neither a folder nor an .npz of that name is there; throws InputError
/// naming the missing file and the folder when a layout is incomplete or none is found, FormatError when a
/// file is not what it should be.
std::optional<RawDataset> read_layout(const std::filesystem::path& datasets_dir, const std::string& name,
                                      Halves halves, const KnownDataset* known);

}  // namespace netsurf
