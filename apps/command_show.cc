#include "apps/command_show.h"

#include <ostream>

#include "apps/bit_table.h"
#include "apps/model_open.h"
#include "apps/model_table.h"
#include "apps/option_groups.h"
#include "apps/printable.h"
#include "apps/study_runner.h"
#include "apps/text_table.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/rank/ranker.h"
#include "engine/store/sqlite_store.h"
#include "models/benchmark_file.h"

namespace netsurf {
namespace {

void show_model(const std::string& path, const Arguments& arguments, const Streams& streams) {
  Model model = open_model(path, arguments, streams);
  streams.out << model_summary(model) << "\n" << layer_table(model) << "\n";
  for (const auto& [key, value] : model.notes()) streams.out << key << ": " << printable(value) << "\n";
}

void show_bits(const std::string& path, const Arguments& arguments, const Streams& streams) {
  Model model = open_model(path, arguments, streams);
  BitSpace space(model, pruned_of(arguments));
  std::vector<BitAddress> addresses;
  if (arguments.has("bit")) addresses = addresses_of(arguments.list("bit"), space);
  if (arguments.has("fkeras_bit")) {
    std::vector<BitAddress> more =
        fkeras_addresses(arguments.list("fkeras_bit"), model, !arguments.flag("kernels_only"));
    addresses.insert(addresses.end(), more.begin(), more.end());
  }
  streams.out << bit_table(model, space, addresses);
}

void show_ranking(const std::string& path, const Streams& streams) {
  Ranking ranking = load_ranking(path);
  streams.out << "ranking    " << ranking.method << ", order " << ranking.order_mode << "\ndigest     "
              << ranking.digest() << "\nmodel      " << ranking.model_digest << "\nbit space  "
              << ranking.bit_space_digest << "\nbits       " << ranking.order.size() << "\nseed       "
              << ranking.seed << "\n";
  if (!ranking.options.empty()) streams.out << "options    " << ranking.options << "\n";
  if (!ranking.data_digest.empty()) streams.out << "data       " << ranking.data_digest << "\n";
  streams.out << "\n";
  TextTable table({"place", "bit id", "score"});
  for (size_t place = 0; place < std::min<size_t>(10, ranking.order.size()); ++place) {
    BitId id = ranking.order[place];
    table.add({std::to_string(place), std::to_string(id), number_text("%.6g", ranking.score[id])});
  }
  streams.out << table.text();
}

void show_store(const std::string& path, const Streams& streams) {
  std::unique_ptr<SqliteStore> store = SqliteStore::open_existing(path);
  for (const auto& [key, value] : store->study().fields()) streams.out << key << ": " << value << "\n";
  streams.out << "\n" << study_table(*store) << "\ncells (netsurf replay --cell ID):\n";
  for (const auto& [id, record] : store->cells()) {
    streams.out << record.identity.key(store->study()).substr(0, 16) << "  " << record.name() << "\n";
  }
}

/// "      eigen_k_top=3  eigenpairs", with the words that a word may be.
std::string setting_line(const RankerOption& option) {
  std::string line = "      " + std::string(option.name) + "=" + std::string(option.fallback) + "  ";
  if (!option.words.empty()) line += join(split(option.words, " "), " or ") + ": ";
  return line + std::string(option.help) + "\n";
}

void show_catalogue(const Streams& streams) {
  streams.out << "benchmarks:\n";
  for (const std::string& name : benchmark_names()) streams.out << "  " << name << "\n";
  streams.out << "rankers:\n";
  for (const RankerRow& row : rankers()) {
    streams.out << "  " << row.name << ": " << row.summary << " (order " << name_of(row.order)
                << (row.needs_data ? ", reads training samples)\n" : ")\n");
    for (const RankerOption& option : row.options) streams.out << setting_line(option);
  }
}

void show_benchmark(const std::string& name, const Streams& streams) {
  Benchmark benchmark = find_benchmark(name);
  std::vector<Shape> shapes = output_shapes(benchmark);
  streams.out << "benchmark  " << benchmark.name << "\ndata set   " << benchmark.dataset << "\nscheme     "
              << benchmark.quantization.text() << "\ntrainable  " << num_trainable(benchmark)
              << " numbers\n\n";
  TextTable table({"layer", "kind", "output"});
  for (size_t i = 0; i < benchmark.layers.size(); ++i) {
    table.add(
        {benchmark.layers[i].name, std::string(name_of(benchmark.layers[i].kind)), shape_text(shapes[i])});
  }
  streams.out << table.text();
}

int show_main(const Arguments& arguments, const Streams& streams) {
  if (arguments.positional().empty()) {
    show_catalogue(streams);
    return 0;
  }
  bool wants_bits = arguments.has("bit") || arguments.has("fkeras_bit");
  if (arguments.flag("kernels_only") && !arguments.has("fkeras_bit"))
    throw InputError("--kernels_only says how --fkeras_bit counts; give that too");
  for (const std::string& path : arguments.positional()) {
    if (wants_bits && !is_model_name(path))
      throw InputError("--bit and --fkeras_bit ask for bits of a model, which " + path + " is not");
    std::string extension = std::filesystem::path(path).extension().string();
    if (wants_bits) {
      show_bits(path, arguments, streams);
    } else if (is_model_name(path)) {
      show_model(path, arguments, streams);
    } else if (extension == ".npz") {
      show_ranking(path, streams);
    } else if (extension == ".sqlite") {
      show_store(path, streams);
    } else {
      show_benchmark(path, streams);
    }
  }
  return 0;
}

}  // namespace

Command show_command() {
  return {
      "show",
      "say what a model, its bits, a ranking, results file or benchmark holds; alone: what is built in",
      "[FILE | BENCHMARK] ...",
      join_options(
          {{{"bit", "ID", "", "bits of a model: ids and ranges such as 100-131; in place of the layers",
             true},
            {"fkeras_bit", "N", "", "the same by FKeras's numbers: most significant bit first", true},
            {"kernels_only", "", "", "--fkeras_bit counts kernels alone, not biases"},
            pruned_option()},
           import_options()}),
      {"netsurf show", "netsurf show model.onnx", "netsurf show results.sqlite", "netsurf show mnist_hls4ml",
       "netsurf show model.onnx --bit 17 100-131", "netsurf show qkeras.h5 --fkeras_bit 0-5"},
      show_main};
}

}  // namespace netsurf
