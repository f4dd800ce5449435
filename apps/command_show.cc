#include "apps/command_show.h"

#include <ostream>

#include "apps/study_runner.h"
#include "apps/text_table.h"
#include "engine/base/error.h"
#include "engine/rank/ranker.h"
#include "engine/store/sqlite_store.h"
#include "models/benchmark_file.h"
#include "models/onnx_import.h"

namespace netsurf {
namespace {

std::string parameter_text(const Model& model, const Layer& layer) {
  std::string text;
  auto add = [&](int index, const char* role) {
    if (index < 0) return;
    const Parameter& p = model.parameters()[static_cast<size_t>(index)];
    text +=
        (text.empty() ? "" : ", ") + std::string(role) + " " + shape_text(p.shape) + " " + p.format.text();
  };
  add(layer.kernel, "kernel");
  add(layer.bias, "bias");
  add(layer.scale, "scale");
  add(layer.shift, "shift");
  return text;
}

void show_model(const std::string& path, const Streams& streams) {
  Model model = load_model(path);
  BitSpace space(model);
  streams.out << "model    " << model.name() << "\ndigest   " << model.digest() << "\nweights  "
              << model.num_weights() << "\nbits     " << space.size() << " that can flip, "
              << model.num_bits() << " stored\nMACs     " << model.num_macs() << " per sample\nsparsity "
              << number_text("%.2f %%", 100 * model.sparsity()) << "\n\n";
  TextTable table(
      {"layer", "kind", "reads", "output", "fraction bits", "codes within", "held in", "parameters"});
  for (size_t i = 0; i < model.layers().size(); ++i) {
    const Layer& layer = model.layers()[i];
    const TensorType& type = model.type(static_cast<int>(i));
    std::string reads;
    for (int input : layer.inputs)
      reads += (reads.empty() ? "" : " ") + model.layers()[static_cast<size_t>(input)].name;
    std::string kind(name_of(layer.kind));
    if (layer.kind == LayerKind::activation) kind += " " + std::string(name_of(layer.function));
    if (layer.kind == LayerKind::activation || layer.kind == LayerKind::input)
      kind += " " + layer.format.text();
    table.add({layer.name, kind, reads, shape_text(type.shape), std::to_string(type.frac_bits),
               "[" + std::to_string(type.low) + ", " + std::to_string(type.high) + "]",
               type.needs_64_bits() ? "int64" : "int32", parameter_text(model, layer)});
  }
  streams.out << table.text() << "\n";
  for (const auto& [key, value] : model.notes()) streams.out << key << ": " << value << "\n";
}

void show_ranking(const std::string& path, const Streams& streams) {
  Ranking ranking = load_ranking(path);
  streams.out << "ranking    " << ranking.method << ", order " << ranking.order_mode << "\ndigest     "
              << ranking.digest() << "\nmodel      " << ranking.model_digest << "\nbit space  "
              << ranking.bit_space_digest << "\nbits       " << ranking.order.size() << "\nseed       "
              << ranking.seed << "\n\n";
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

void show_catalogue(const Streams& streams) {
  streams.out << "benchmarks:\n";
  for (const std::string& name : benchmark_names()) streams.out << "  " << name << "\n";
  streams.out << "rankers:\n";
  for (const RankerRow& row : rankers()) streams.out << "  " << row.name << ": " << row.summary << "\n";
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
  for (const std::string& path : arguments.positional()) {
    std::string extension = std::filesystem::path(path).extension().string();
    if (extension == ".onnx") {
      show_model(path, streams);
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
      "say what a model, ranking, results file or benchmark holds; alone: what is built in",
      "[FILE | BENCHMARK] ...",
      {},
      {"netsurf show", "netsurf show model.onnx", "netsurf show results.sqlite", "netsurf show mnist_hls4ml"},
      show_main};
}

}  // namespace netsurf
