#include "apps/model_open.h"

#include <algorithm>
#include <array>
#include <ostream>

#include "apps/printable.h"
#include "apps/ratio.h"
#include "apps/text_table.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "models/qonnx/onnx_import.h"

namespace netsurf {
namespace {

namespace fs = std::filesystem;

constexpr std::array kModelExtensions = {".onnx", ".h5", ".hdf5", ".keras", ".json", ".tflite"};

std::optional<Format> format_of(const Arguments& arguments, std::string_view name) {
  if (!arguments.has(name)) return std::nullopt;
  try {
    return Format::parse(arguments.text(name));
  } catch (const InputError& error) {
    throw InputError("--" + std::string(name) + ": " + error.what());
  }
}

foreign::LowerOptions lower_options_of(const Arguments& arguments) {
  foreign::LowerOptions options;
  options.input_format = format_of(arguments, "input_format");
  if (arguments.has("input_unit")) {
    if (!options.input_format)
      throw InputError("--input_unit is the size of a step of --input_format; give that too");
    options.input_unit = static_cast<float>(ratio_of(arguments, "input_unit", 0x1p-64, 0x1p64));
  }
  options.output = arguments.text("end_at");
  options.float_format = format_of(arguments, "float_format");
  options.bias_bits = static_cast<int>(arguments.integer("bias_bits", 2, kMaxParameterBits));
  options.affine_bits = static_cast<int>(arguments.integer("affine_bits", 2, kMaxParameterBits));
  return options;
}

/// The first import option that was given.
std::optional<std::string> given_option(const Arguments& arguments) {
  for (const Option& option : import_options()) {
    if (arguments.has(option.name)) return std::string(option.name);
  }
  return std::nullopt;
}

}  // namespace

std::vector<Option> import_options(bool output_is_file) {
  return {
      {"weights", "FILE", "", "the weights that belong to a Keras .json architecture", false, "w"},
      {"input_format", "Q", "", "format of the data, where the network does not say it: q<8,0,0>"},
      {"input_unit", "R", "",
       "real size of --input_format's step, over 2^-f: 1/255 for q<8,8,0> of pixels/255"},
      {"end_at", "NODE", "", "cut the network off after this node", false, output_is_file ? "" : "output"},
      {"float_format", "Q", "", "format for weights and activations that are floats (default: refuse them)"},
      {"bias_bits", "N", "24", "bits of biases that the file holds as floats"},
      {"affine_bits", "N", "24", "bits of scales and shifts that batch norms become"},
  };
}

foreign::Lowered import_with(const fs::path& file, const Arguments& arguments) {
  if (foreign::is_own_file(file)) {
    if (std::optional<std::string> idle = given_option(arguments)) {
      throw InputError("--" + *idle + " would have no effect: NetSurf wrote " + file.string() +
                       ", which is read back as it is; import the original file instead");
    }
    return {load_model(file), {}, {}, {}};
  }
  std::optional<fs::path> weights;
  if (arguments.has("weights")) weights = arguments.text("weights");
  return foreign::import_network(file, weights, lower_options_of(arguments));
}

Model open_model(const fs::path& file, const Arguments& arguments, const Streams& streams) {
  if (foreign::is_own_file(file)) {
    if (std::optional<std::string> idle = given_option(arguments)) {
      streams.err << "note: --" << *idle << " does nothing for " << file.string()
                  << ", which NetSurf wrote\n";
    }
    return load_model(file);
  }
  foreign::Lowered lowered = import_with(file, arguments);
  streams.err << "imported " << file.string() << ": digest " << short_digest(lowered.model.digest()) << "\n";
  for (const std::string& assumption : lowered.assumptions)
    streams.err << "assumed: " << printable(assumption) << "\n";
  for (const foreign::Difference& difference : lowered.differences) {
    if (difference.differing > 0)
      streams.err << "note: " << printable(foreign::difference_text(difference)) << "\n";
  }
  return std::move(lowered.model);
}

bool is_model_name(const fs::path& file) {
  return std::find(kModelExtensions.begin(), kModelExtensions.end(), file.extension().string()) !=
         kModelExtensions.end();
}

}  // namespace netsurf
