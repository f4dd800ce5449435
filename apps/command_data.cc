#include "apps/command_data.h"

#include <map>
#include <ostream>

#include "apps/option_groups.h"
#include "apps/progress.h"
#include "apps/text_table.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "models/datasets.h"
#include "models/download_datasets.h"

namespace netsurf {
namespace {

void list_datasets(const Streams& streams) {
  TextTable table({"data set", "classes", "what"});
  for (const KnownDataset& known : known_datasets()) {
    table.add({std::string(known.name), std::to_string(known.num_classes), std::string(known.summary)});
  }
  streams.out << table.text();
}

void get_dataset(const std::string& name, const Arguments& arguments, const Streams& streams) {
  Progress progress(streams);
  auto files = fetch_dataset(name, datasets_dir_of(arguments), arguments.text("mirror"),
                             [&](std::string_view file, uint64_t done, uint64_t total) {
                               progress.show("get " + std::string(file), static_cast<double>(done),
                                             static_cast<double>(total));
                             });
  progress.finish();
  for (const FetchedFile& file : files) {
    streams.out << file.path.string() << (file.was_there ? "  (was there already)" : "") << "\n";
  }
}

void show_dataset(const std::string& name, const Arguments& arguments, const Streams& streams) {
  Dataset dataset = load_dataset(name, datasets_dir_of(arguments));
  TextTable table({"split", "samples", "shape", "labels"});
  for (std::string_view split : {"train", "validation", "test"}) {
    const Samples& samples = dataset.split(split);
    std::map<int32_t, int64_t> histogram;
    for (int32_t label : samples.labels) ++histogram[label];
    std::string labels;
    for (const auto& [label, count] : histogram)
      labels += (labels.empty() ? "" : " ") + std::to_string(label) + ":" + std::to_string(count);
    table.add({std::string(split), std::to_string(samples.count), shape_text(samples.shape),
               labels.empty() ? "none" : labels});
  }
  streams.out << table.text();
}

int data_main(const Arguments& arguments, const Streams& streams) {
  const std::vector<std::string>& words = arguments.positional();
  static const std::vector<std::string> kActions = {"list", "get", "show"};
  if (words.empty()) throw InputError("netsurf data wants an action: list, get NAME or show NAME");
  auto refuse_idle = [&](const char* option) {
    if (!arguments.has(option)) return;
    throw InputError("--" + std::string(option) + " would have no effect on netsurf data " + words[0] +
                     "; leave it out");
  };
  if (words[0] == "list" && words.size() == 1) {
    refuse_idle("datasets_dir");
    refuse_idle("mirror");
    list_datasets(streams);
  } else if (words[0] == "get" && words.size() == 2) {
    get_dataset(words[1], arguments, streams);
  } else if (words[0] == "show" && words.size() == 2) {
    refuse_idle("mirror");
    show_dataset(words[1], arguments, streams);
  } else if (words[0] == "list" || words[0] == "get" || words[0] == "show") {
    throw InputError("netsurf data " + words[0] +
                     (words[0] == "list" ? " takes no name" : " wants the name of one data set"));
  } else {
    throw InputError(unknown_word_message("action", words[0], kActions));
  }
  return 0;
}

}  // namespace

Command data_command() {
  return {"data",
          "list, download and look at data sets",
          "list | get NAME | show NAME",
          {{"datasets_dir", "DIR", "datasets", "where data sets are kept"},
           {"mirror", "URL", "", "fetch from this base URL instead of the known mirrors"}},
          {"netsurf data get mnist", "netsurf data show digits"},
          data_main};
}

}  // namespace netsurf
