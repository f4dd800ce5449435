// A model from any file a command is given: NetSurf's own, or a network made by others, imported on the way.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "apps/command.h"
#include "engine/model/model.h"
#include "models/import.h"

namespace netsurf {

/// How a network made by others is imported: --weights, --input_format, --input_unit, --end_at,
/// --float_format,
/// --bias_bits, --affine_bits. Where --output names no file, it is another name of --end_at.
std::vector<Option> import_options(bool output_is_file = false);

/// Imports with these options; a file that NetSurf wrote is read back identically, and options that would
/// change it are refused. Throws as foreign::import_network, and InputError for a malformed option.
foreign::Lowered import_with(const std::filesystem::path& file, const Arguments& arguments);

/// Loads a file that NetSurf wrote; imports any other, saying on stderr what was assumed and how many codes
/// differ from the file's own arithmetic.
Model open_model(const std::filesystem::path& file, const Arguments& arguments, const Streams& streams);

/// Whether a file name says network rather than ranking, results or benchmark.
bool is_model_name(const std::filesystem::path& file);

}  // namespace netsurf
