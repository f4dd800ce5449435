#include "models/benchmark_file.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <set>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/text.h"
#include "models/benchmark_fields.h"
#include "models/embedded_benchmarks.h"

namespace netsurf {
namespace {

constexpr uint64_t kMaxFileBytes = 1 << 20;
constexpr size_t kMaxLayers = 1000;
constexpr std::string_view kRequired[] = {"name",      "dataset",       "input_shape", "input_format", "loss",
                                          "optimizer", "learning_rate", "batch_size",  "epochs"};

using Setter = std::function<void(Benchmark&, const Field&)>;

// Every key of a file and what it sets: one row each.
const std::map<std::string, Setter, std::less<>>& setters() {
  static const std::map<std::string, Setter, std::less<>> table = {
      {"name", [](Benchmark& b, const Field& f) { b.name = f.word(); }},
      {"dataset", [](Benchmark& b, const Field& f) { b.dataset = f.word(); }},
      {"task", [](Benchmark& b, const Field& f) { b.task = static_cast<Task>(f.choice(kTaskNames)); }},
      {"input_shape", [](Benchmark& b, const Field& f) { b.input_shape = f.shape(); }},
      {"input_scale", [](Benchmark& b, const Field& f) { b.input_scale = f.fraction(); }},
      {"input_offset", [](Benchmark& b, const Field& f) { b.input_offset = f.real(-1e9, 1e9); }},
      {"input_format", [](Benchmark& b, const Field& f) { b.input_format = f.format(kMaxActivationBits); }},
      {"quantization", [](Benchmark& b, const Field& f) { b.quantization = f.format(kMaxActivationBits); }},
      {"loss", [](Benchmark& b, const Field& f) { b.loss = static_cast<LossKind>(f.choice(kLossNames)); }},
      {"optimizer",
       [](Benchmark& b, const Field& f) {
         b.optimizer = static_cast<OptimizerKind>(f.choice(kOptimizerNames));
       }},
      {"learning_rate", [](Benchmark& b, const Field& f) { b.learning_rate = f.real(1e-12, 1e3); }},
      {"momentum", [](Benchmark& b, const Field& f) { b.momentum = f.real(0, 0.9999); }},
      {"decay", [](Benchmark& b, const Field& f) { b.decay = static_cast<Decay>(f.choice(kDecayNames)); }},
      {"logit_scale", [](Benchmark& b, const Field& f) { b.logit_scale = f.real(1e-6, 1e6); }},
      {"batch_size", [](Benchmark& b, const Field& f) { b.batch_size = f.integer(1, 1 << 16); }},
      {"epochs", [](Benchmark& b, const Field& f) { b.epochs = f.integer(1, 1 << 20); }},
      {"batch_norm",
       [](Benchmark& b, const Field& f) {
         b.batch_norm = static_cast<BatchNormMode>(f.choice(kBatchNormNames));
       }},
      {"monitor",
       [](Benchmark& b, const Field& f) { b.monitor = static_cast<Monitor>(f.choice(kMonitorNames)); }},
      {"early_stopping", [](Benchmark& b, const Field& f) { b.early_stopping = f.integer(0, 1 << 20); }},
      {"plateau_patience", [](Benchmark& b, const Field& f) { b.plateau_patience = f.integer(0, 1 << 20); }},
      {"plateau_factor", [](Benchmark& b, const Field& f) { b.plateau_factor = f.real(1e-6, 1); }},
      {"prune_start", [](Benchmark& b, const Field& f) { b.prune_start = f.integer(0, 1 << 20); }},
      {"prune_end", [](Benchmark& b, const Field& f) { b.prune_end = f.integer(0, 1 << 20); }},
      {"prune_frequency", [](Benchmark& b, const Field& f) { b.prune_frequency = f.integer(1, 1 << 20); }},
  };
  return table;
}

const SpecKindRow& kind_row(const Field& field) {
  std::vector<std::string_view> names;
  for (const SpecKindRow& row : kSpecKinds) names.push_back(row.name);
  return kSpecKinds[field.choice(names)];
}

void set_stride(Window& window, const Field& field) {
  std::pair<int, int> pair = field.pair();
  window.stride_y = pair.first;
  window.stride_x = pair.second;
}

void set_attribute(LayerSpec& spec, const Field& field) {
  const std::string& key = field.key;
  if (key == "units" || key == "filters") spec.units = field.integer(1, 1 << 20);
  if (key == "bias") spec.has_bias = field.yes_or_no();
  if (key == "l1") spec.l1 = field.real(0, 1e6);
  if (key == "l2") spec.l2 = field.real(0, 1e6);
  if (key == "rate") spec.rate = field.real(0, 0.999);
  if (key == "groups") spec.groups = field.integer(1, 1 << 20);
  if (key == "shape") spec.shape = field.shape();
  if (key == "format")
    spec.format = field.format(spec.kind == SpecKind::dense || spec.kind == SpecKind::conv2d ||
                                       spec.kind == SpecKind::depthwise_conv2d
                                   ? kMaxParameterBits
                                   : kMaxActivationBits);
  if (key == "padding") spec.same_padding = field.choice(std::vector<std::string_view>{"valid", "same"}) == 1;
  if (key == "stride") set_stride(spec.window, field);
  if (key == "kernel") {
    std::pair<int, int> pair = field.pair();
    spec.window.height = pair.first;
    spec.window.width = pair.second;
  }
  if (key == "dilation") {
    std::pair<int, int> pair = field.pair();
    spec.window.dilation_y = pair.first;
    spec.window.dilation_x = pair.second;
  }
}

class Parser {
 public:
  Parser(std::string_view text, const std::string& file) : text_(text), file_(file) {}

  Benchmark run() {
    if (trim(text_).empty())
      throw InputError(file_ + ": the file is empty, expected a benchmark (docs/benchmarks.md)");
    size_t at = 0;
    while (at < text_.size()) {
      size_t end = std::min(text_.find('\n', at), text_.size());
      ++line_;
      parse_line(text_.substr(at, end - at));
      at = end + 1;
    }
    finish();
    return std::move(benchmark_);
  }

 private:
  void parse_line(std::string_view line) {
    std::vector<std::string> words = split(line.substr(0, line.find('#')), " \t\r");
    if (words.empty()) return;
    if (words[0] == "layer") {
      parse_layer(words);
      return;
    }
    Field field{file_, line_, words[0], words.size() > 1 ? words[1] : ""};
    auto setter = setters().find(words[0]);
    if (setter == setters().end()) {
      std::vector<std::string> known{"layer"};
      for (const auto& [key, set] : setters()) known.push_back(key);
      field.refuse(unknown_word_message("key", shortened(words[0]), known));
    }
    if (words.size() != 2) field.refuse_found(std::to_string(words.size() - 1) + " values", "one");
    auto [first, inserted] = lines_.emplace(words[0], line_);
    if (!inserted)
      field.refuse_found("it a second time (first in line " + std::to_string(first->second) + ")",
                         "each key once");
    setter->second(benchmark_, field);
  }

  void parse_layer(const std::vector<std::string>& words) {
    if (words.size() < 2)
      Field{file_, line_, "layer", ""}.refuse_found("no kind", "layer <kind> [name=value ...]");
    if (benchmark_.layers.size() == kMaxLayers) {
      Field{file_, line_, "layer", ""}.refuse_found("more than " + std::to_string(kMaxLayers) + " layers",
                                                    "at most as many");
    }
    const SpecKindRow& row = kind_row(Field{file_, line_, "layer", words[1]});
    LayerSpec spec;
    spec.kind = row.kind;
    std::vector<std::string> known = split(row.attributes, " ");
    known.insert(known.end(), {"name", "from"});
    std::set<std::string> given;
    for (size_t i = 2; i < words.size(); ++i) {
      size_t equals = words[i].find('=');
      Field field{file_, line_, words[i].substr(0, equals),
                  equals == std::string::npos ? "" : words[i].substr(equals + 1)};
      if (std::find(known.begin(), known.end(), field.key) == known.end()) {
        field.refuse(unknown_word_message(std::string(row.name) + " attribute", shortened(field.key), known));
      }
      if (field.value.empty()) field.refuse_found("no value", field.key + "=value, without spaces");
      if (!given.insert(field.key).second) field.refuse_found("it a second time", "each attribute once");
      if (field.key == "name") {
        spec.name = field.word();
      } else if (field.key == "from") {
        set_inputs(spec, field);
      } else {
        set_attribute(spec, field);
      }
    }
    require(row, given);
    complete(spec, given);
    place(std::move(spec));
  }

  void require(const SpecKindRow& row, const std::set<std::string>& given) const {
    static constexpr std::string_view kNeeded[] = {"units", "filters", "kernel", "shape", "rate"};
    for (const std::string& attribute : split(row.attributes, " ")) {
      bool needed = std::find(std::begin(kNeeded), std::end(kNeeded), attribute) != std::end(kNeeded);
      if (needed && !given.contains(attribute)) {
        Field{file_, line_, attribute, ""}.refuse_found(
            "nothing", "layer " + std::string(row.name) + " " + attribute + "=...");
      }
    }
  }

  void complete(LayerSpec& spec, const std::set<std::string>& given) {
    bool pools = spec.kind == SpecKind::max_pool || spec.kind == SpecKind::average_pool;
    if (pools && !given.contains("stride")) {
      spec.window.stride_y = spec.window.height;
      spec.window.stride_x = spec.window.width;
    }
    if (spec.inputs.empty()) spec.inputs = {static_cast<int>(benchmark_.layers.size()) - 1};
    if (spec.name.empty()) {
      std::string kind(name_of(spec.kind));
      spec.name = kind + "_" + std::to_string(++count_of_[kind]);
    }
    if (spec.name == "input" || index_of_.contains(spec.name)) {
      Field{file_, line_, "name", spec.name}.refuse_found("\"" + spec.name + "\", which is taken",
                                                          "a name of its own");
    }
  }

  void set_inputs(LayerSpec& spec, const Field& field) const {
    for (const std::string& name : split(field.value, ",")) {
      auto found = index_of_.find(name);
      if (name == "input") {
        spec.inputs.push_back(kNetworkInput);
      } else if (found != index_of_.end()) {
        spec.inputs.push_back(found->second);
      } else {
        std::vector<std::string> known{"input"};
        for (const auto& [each, index] : index_of_) known.push_back(each);
        field.refuse(unknown_word_message("earlier layer", shortened(name), known));
      }
    }
    if (spec.inputs.empty()) field.refuse_found("no layer names", "from=a or from=a,b");
    if (spec.inputs.size() > kMaxLayers)
      field.refuse_found("too many layers", "at most " + std::to_string(kMaxLayers));
  }

  void place(LayerSpec spec) {
    index_of_[spec.name] = static_cast<int>(benchmark_.layers.size());
    layer_lines_.push_back(line_);
    benchmark_.layers.push_back(std::move(spec));
  }

  void finish() {
    for (std::string_view key : kRequired) {
      if (!lines_.contains(std::string(key))) {
        Field{file_, line_, std::string(key), ""}.refuse_found("nothing",
                                                               "a line \"" + std::string(key) + " ...\"");
      }
    }
    if (benchmark_.layers.empty()) Field{file_, line_, "layer", ""}.refuse_found("no layers", "at least one");
    check_shapes();
    check_readers();
    check_output();
    int start = benchmark_.prune_start, end = benchmark_.prune_end;
    if (start > end) {
      int line = lines_.contains("prune_end") ? lines_["prune_end"] : lines_["prune_start"];
      Field{file_, line, "prune_end", ""}.refuse_found(
          std::to_string(end), "at least prune_start, which is " + std::to_string(start));
    }
  }

  void check_shapes() const {
    std::vector<Shape> shapes;
    Benchmark prefix;
    prefix.input_shape = benchmark_.input_shape;
    for (size_t i = 0; i < benchmark_.layers.size(); ++i) {
      std::vector<Shape> inputs;
      for (int from : benchmark_.layers[i].inputs) {
        inputs.push_back(from == kNetworkInput ? benchmark_.input_shape : shapes[static_cast<size_t>(from)]);
      }
      Field field{file_, layer_lines_[i], "layer", benchmark_.layers[i].name};
      try {
        shapes.push_back(output_shape(benchmark_.layers[i], inputs));
      } catch (const InputError& error) {
        field.refuse(error.what());
      }
      if (num_elements(shapes.back()) > (int64_t{1} << 28)) {
        field.refuse_found("an output of " + shape_text(shapes.back()), "at most 2^28 elements");
      }
    }
  }

  void check_readers() const {
    std::vector<bool> read(benchmark_.layers.size(), false);
    for (const LayerSpec& spec : benchmark_.layers) {
      for (int from : spec.inputs) {
        if (from >= 0) read[static_cast<size_t>(from)] = true;
      }
    }
    for (size_t i = 0; i + 1 < read.size(); ++i) {
      const std::string& name = benchmark_.layers[i].name;
      if (!read[i]) {
        Field{file_, layer_lines_[i], "layer", name}.refuse_found(
            "layer \"" + name + "\" that no other layer reads", "only the last layer to be the output");
      }
      if (benchmark_.layers[i].kind == SpecKind::softmax) {
        Field{file_, layer_lines_[i], "layer", name}.refuse_found("softmax in the middle",
                                                                  "softmax as the last layer only");
      }
    }
  }

  void check_output() const {
    Field field{file_, layer_lines_.back(), "layer", ""};
    std::vector<Shape> shapes = output_shapes(benchmark_);
    bool classifies = benchmark_.task == Task::classification;
    if (benchmark_.task == Task::comparison) {
      Field{file_, lines_.at("task"), "task", ""}.refuse_found(
          "comparison, which has nothing to train towards", "classification, regression or reconstruction");
    }
    if (classifies && shapes.back().size() != 1) {
      field.refuse_found("an output of shape " + shape_text(shapes.back()),
                         "one axis of classes; put a flatten layer in front");
    }
    if (!classifies && benchmark_.layers.back().kind == SpecKind::softmax) {
      field.refuse_found("softmax for " + std::string(kTaskNames[static_cast<size_t>(benchmark_.task)]),
                         "softmax for classification only");
    }
    if (!classifies && benchmark_.loss == LossKind::cross_entropy) {
      Field{file_, lines_.at("loss"), "loss", ""}.refuse_found(
          "cross_entropy for " + std::string(kTaskNames[static_cast<size_t>(benchmark_.task)]),
          "mean_squared_error");
    }
  }

  std::string_view text_;
  const std::string& file_;
  int line_ = 0;
  Benchmark benchmark_;
  std::map<std::string, int> lines_;     // of each key seen
  std::map<std::string, int> index_of_;  // layer names
  std::map<std::string, int> count_of_;  // layers without a name of their own, per kind
  std::vector<int> layer_lines_;
};

}  // namespace

Benchmark parse_benchmark(std::string_view text, const std::string& file) { return Parser(text, file).run(); }

Benchmark find_benchmark(const std::string& name_or_path) {
  for (const EmbeddedBenchmark& each : embedded_benchmarks()) {
    if (each.name == name_or_path) return parse_benchmark(each.text, name_or_path + ".bench");
  }
  std::error_code ignored;
  if (std::filesystem::is_directory(name_or_path, ignored)) {
    throw InputError(name_or_path + " is a folder; expected the path of a benchmark file, or one of " +
                     join(benchmark_names(), ", "));
  }
  if (std::filesystem::is_regular_file(name_or_path, ignored)) {
    return parse_benchmark(read_file(name_or_path, kMaxFileBytes), name_or_path);
  }
  throw InputError(unknown_word_message("benchmark", name_or_path, benchmark_names()) +
                   "; a benchmark of your own is the path of a file");
}

std::vector<std::string> benchmark_names() {
  std::vector<std::string> names;
  for (const EmbeddedBenchmark& each : embedded_benchmarks()) names.emplace_back(each.name);
  return names;
}

}  // namespace netsurf
