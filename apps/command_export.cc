#include "apps/command_export.h"

#include <ostream>

#include "engine/base/error.h"
#include "engine/store/export.h"
#include "engine/store/sqlite_store.h"
#include "models/onnx_export.h"
#include "models/onnx_import.h"

namespace netsurf {
namespace {

namespace fs = std::filesystem;

int export_model(const fs::path& path, const Arguments& arguments, const Streams& streams) {
  if (!arguments.has("output")) throw InputError("exporting a model needs --output FILE");
  save_model(load_model(path), arguments.text("output"), {arguments.flag("strict")});
  streams.out << arguments.text("output") << "\n";
  return 0;
}

int export_main(const Arguments& arguments, const Streams& streams) {
  if (arguments.positional().size() != 1)
    throw InputError("netsurf export wants one file: a results file (.sqlite) or a model (.onnx)");
  fs::path path = arguments.positional()[0];
  if (path.extension() == ".onnx") return export_model(path, arguments, streams);
  ExportFormat format = parse_export_format(arguments.text("format"));
  std::unique_ptr<SqliteStore> store = SqliteStore::open_existing(path);
  if (arguments.has("output")) {
    export_csv(*store, format, arguments.text("output"));
    streams.out << arguments.text("output") << "\n";
  } else {
    write_csv(*store, format, streams.out);
  }
  return 0;
}

}  // namespace

Command export_command() {
  return {"export",
          "write results as CSV, or a model as plain QONNX",
          "FILE",
          {{"format", "NAME", "summary",
            "of results: summary (a row per cell), trials (a row per trial), original (the original's "
            "results.csv)"},
           {"output", "FILE", "", "where to write (results: default stdout)", false, "o"},
           {"strict", "", "", "of a model: refuse what plain QONNX cannot express"}},
          {"netsurf export results.sqlite --format trials --output trials.csv",
           "netsurf export model.onnx --strict --output plain.onnx"},
          export_main};
}

}  // namespace netsurf
