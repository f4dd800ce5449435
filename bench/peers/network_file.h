// The network and data files that both sides of a comparison read: written by networks.py, which says what
// is in them.
#pragma once

#include <filesystem>

#include "engine/model/dataset.h"
#include "engine/model/model.h"

namespace netsurf::peers {

/// Reads NAME.json. Parameters keep the file's order: kernel, then bias, layer by layer. Throws InputError
/// when it is missing or no network, FormatError when it is no JSON of that kind.
Model read_network(const std::filesystem::path& file);

/// Reads input codes, one byte each [count, sample], and labels, one byte each [count]. Throws InputError
/// when their lengths do not fit the model or each other.
EvaluationSet read_samples(const Model& model, const std::filesystem::path& inputs,
                           const std::filesystem::path& labels);

}  // namespace netsurf::peers
