#include "apps/command_import.h"

#include <ostream>
#include <system_error>

#include "apps/model_data.h"
#include "apps/model_open.h"
#include "apps/model_table.h"
#include "apps/option_groups.h"
#include "apps/printable.h"
#include "apps/text_table.h"
#include "engine/base/error.h"
#include "models/qonnx/onnx_export.h"

namespace netsurf {
namespace {

void print_list(const char* title, const std::vector<std::string>& items, const Streams& streams) {
  if (items.empty()) return;
  streams.out << "\n" << title << ":\n";
  for (const std::string& item : items) streams.out << "  " << printable(item) << "\n";
}

/// The data it will be measured on goes into the notes, where sweeps find it.
Model with_recipe(const Model& model, const Arguments& arguments) {
  if (!arguments.has("dataset")) {
    for (const Option& option : recipe_options()) {
      if (arguments.has(option.name))
        throw InputError("--" + std::string(option.name) + " goes with --dataset; give that too");
    }
    return model;
  }
  std::map<std::string, std::string> notes = model.notes();
  for (auto& [key, value] : recipe_notes(recipe_of(arguments))) notes[key] = value;
  return Model::build(model.name(), model.layers(), model.parameters(), std::move(notes));
}

/// The original must outlive its import.
void check_target(const std::filesystem::path& file, const Arguments& arguments) {
  std::filesystem::path target = arguments.text("save");
  for (const std::filesystem::path& source : {file, std::filesystem::path(arguments.text("weights"))}) {
    std::error_code error;
    if (std::filesystem::equivalent(source, target, error))
      throw InputError("-o " + target.string() + " is the file that is imported; choose another name");
  }
}

int import_main(const Arguments& arguments, const Streams& streams) {
  if (arguments.positional().size() != 1)
    throw InputError(
        "netsurf import wants one network file: .h5, .hdf5, .keras, .json with --weights, or .onnx");
  std::filesystem::path file = arguments.positional()[0];
  if (arguments.has("save")) check_target(file, arguments);
  foreign::Lowered lowered = import_with(file, arguments);
  Model model = with_recipe(lowered.model, arguments);
  streams.out << model_summary(model) << "\n" << layer_table(model);
  print_list("folded", lowered.folded, streams);
  print_list("assumed", lowered.assumptions, streams);
  std::vector<std::string> differences;
  for (const foreign::Difference& difference : lowered.differences)
    differences.push_back(foreign::difference_text(difference));
  print_list("differences", differences, streams);
  if (!arguments.has("save")) {
    streams.err << "nothing was written; give -o FILE.onnx to keep the model\n";
    return 0;
  }
  save_model(model, arguments.text("save"));
  streams.out << "\nsaved    " << arguments.text("save") << ", digest " << short_digest(model.digest())
              << "\n";
  return 0;
}

}  // namespace

Command import_command() {
  return {"import",
          "read a QKeras, Keras, QONNX or QDQ network, and say exactly what it becomes",
          "FILE",
          join_options({{{"save", "FILE", "", "write the model here (.onnx)", false, "o"}},
                        import_options(),
                        recipe_options()}),
          {"netsurf import qkeras_model.h5 -o model.onnx",
           "netsurf import model.json --weights weights.h5 --input_format q8_8_0 --input_unit 1/255 "
           "--dataset mnist "
           "--input_scale 1/255 -o model.onnx",
           "netsurf import autoencoder.h5 --end_at encoder -o encoder.onnx"},
          import_main};
}

}  // namespace netsurf
