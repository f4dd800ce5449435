#include "apps/command_export.h"

#include <fstream>
#include <ostream>

#include "apps/model_open.h"
#include "apps/option_groups.h"
#include "engine/base/error.h"
#include "engine/store/export.h"
#include "engine/store/sqlite_store.h"
#include "models/qonnx/onnx_export.h"

namespace netsurf {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kStoreStart = "SQLite format 3";

/// A slip of the hand must not turn a study or a model into something else.
void check_output(const fs::path& input, const fs::path& output) {
  std::error_code error;
  if (fs::equivalent(input, output, error))
    throw InputError("--output " + output.string() + " is the file that is exported; choose another name");
  std::ifstream file(output, std::ios::binary);
  std::string start(kStoreStart.size(), '\0');
  if (file.read(start.data(), static_cast<std::streamsize>(start.size())) && start == kStoreStart)
    throw InputError("--output " + output.string() +
                     " holds results; choose another name, or remove it first");
}

int export_model(const fs::path& path, const Arguments& arguments, const Streams& streams) {
  if (!arguments.has("output")) throw InputError("exporting a model needs --output FILE");
  if (arguments.has("format"))
    throw InputError("--format is for results; a model is always written as QONNX, leave it out");
  check_output(path, arguments.text("output"));
  save_model(open_model(path, arguments, streams), arguments.text("output"), {arguments.flag("strict")});
  streams.out << arguments.text("output") << "\n";
  return 0;
}

int export_main(const Arguments& arguments, const Streams& streams) {
  if (arguments.positional().size() != 1)
    throw InputError("netsurf export wants one file: a results file (.sqlite) or a model (.onnx)");
  fs::path path = arguments.positional()[0];
  if (is_model_name(path)) return export_model(path, arguments, streams);
  if (arguments.flag("strict"))
    throw InputError("--strict is for models (.onnx), not for results; leave it out");
  ExportFormat format = parse_export_format(arguments.text("format"));
  std::unique_ptr<SqliteStore> store = SqliteStore::open_existing(path);
  if (arguments.has("output")) {
    check_output(path, arguments.text("output"));
    export_csv(*store, format, arguments.text("output"));
    streams.out << arguments.text("output") << "\n";
  } else {
    // Once for nothing: a damaged store must not leave half a table on stdout.
    std::ostream nowhere(nullptr);
    write_csv(*store, format, nowhere);
    write_csv(*store, format, streams.out);
  }
  return 0;
}

}  // namespace

Command export_command() {
  return {"export",
          "write results as CSV, or a model as plain QONNX",
          "FILE",
          join_options(
              {{{"format", "NAME", "summary",
                 "of results: summary (a row per cell), trials (a row per trial), original (the original's "
                 "results.csv)"},
                {"output", "FILE", "", "where to write (results: default stdout)", false, "o"},
                {"strict", "", "", "of a model: refuse what plain QONNX cannot express"}},
               import_options(true)}),
          {"netsurf export results.sqlite --format trials --output trials.csv",
           "netsurf export model.onnx --strict --output plain.onnx"},
          export_main};
}

}  // namespace netsurf
