#include "models/datasets_files.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "models/bytes.h"
#include "models/csv.h"
#include "models/datasets_wafers.h"
#include "models/gzip.h"
#include "models/npy.h"
#include "models/npz.h"

namespace netsurf {
namespace {

namespace fs = std::filesystem;

constexpr std::array kInputNames = {"x.npy",        "features.npy",    "features.csv",    "features.dat",
                                    "features.txt", "features.csv.gz", "features.dat.gz", "features.txt.gz"};
constexpr std::array kAnswerNames = {"y.npy",         "labels.npy",    "labels.csv",
                                     "labels.dat",    "labels.txt",    "labels.csv.gz",
                                     "labels.dat.gz", "labels.txt.gz", "y_labels.csv"};

std::optional<NumberArray> find_array(const fs::path& archive, const std::string& letter) {
  const std::vector<std::string> keys = {letter + "_test", letter};
  std::map<std::string, NumberArray> arrays = read_npz(archive, keys);
  for (const std::string& key : keys) {
    if (auto found = arrays.find(key); found != arrays.end()) return std::move(found->second);
  }
  return std::nullopt;
}

NumberArray array_of(NumberTable table) {
  NumberArray array;
  array.shape = {table.rows, table.columns};
  array.values = std::move(table.values);
  array.is_integer =
      std::all_of(array.values.begin(), array.values.end(), [](float x) { return x == std::floor(x); });
  return array;
}

NumberArray inputs_of(NumberTable table, const std::string& name) {
  if (is_wafer_table(table)) return wafer_images(table, name);
  return array_of(std::move(table));
}

/// A line of MLPerf Tiny's y_labels.csv: "tst_000000_Stop_7.bin,12,7", perhaps with sizes behind.
std::optional<float> mlperf_class(std::string_view line) {
  std::vector<std::string> fields = split(line, ",");
  if (fields.size() < 3 || !fields[0].ends_with(".bin")) return std::nullopt;
  std::array<int, 2> numbers;
  for (size_t i = 0; i < numbers.size(); ++i) {
    std::string_view field = trim(fields[i + 1]);
    auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), numbers[i]);
    if (error != std::errc() || end != field.data() + field.size()) return std::nullopt;
  }
  bool is_class = numbers[1] >= 0 && numbers[1] < numbers[0] && numbers[0] <= kMaxClasses;
  return is_class ? std::optional(static_cast<float>(numbers[1])) : std::nullopt;
}

/// Nothing unless every line is one of MLPerf Tiny's.
std::optional<NumberArray> parse_mlperf_labels(std::string_view text) {
  NumberArray labels;
  labels.is_integer = true;
  while (!text.empty()) {
    size_t end = text.find('\n');
    std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty()) continue;
    std::optional<float> label = mlperf_class(line);
    if (!label) return std::nullopt;
    labels.values.push_back(*label);
  }
  labels.shape = {static_cast<int64_t>(labels.values.size())};
  return labels;
}

bool is_present(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

std::optional<fs::path> find_inputs(const fs::path& folder) {
  for (const char* name : kInputNames) {
    if (is_present(folder / name)) return folder / name;
  }
  std::vector<fs::path> arrays;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    std::string name = entry.path().filename().string();
    bool holds_answers = std::find(kAnswerNames.begin(), kAnswerNames.end(), name) != kAnswerNames.end();
    if (entry.path().extension() == ".npy" && !holds_answers) arrays.push_back(entry.path());
  }
  return arrays.size() == 1 ? std::optional(arrays[0]) : std::nullopt;
}

std::optional<fs::path> find_answers(const fs::path& folder) {
  for (const char* name : kAnswerNames) {
    if (is_present(folder / name)) return folder / name;
  }
  return std::nullopt;
}

}  // namespace

NumberArray read_inputs(const fs::path& file) {
  if (file.extension() == ".npy") return read_npy(file);
  if (file.extension() == ".npz") {
    if (std::optional<NumberArray> inputs = find_array(file, "x")) return std::move(*inputs);
    throw FormatError(file.string() + ": no array x_test or x, expected one of them to hold the inputs");
  }
  return inputs_of(read_csv(file), file.string());
}

NumberArray read_answers(const fs::path& file) {
  if (file.extension() == ".npy") return read_npy(file);
  if (file.extension() == ".npz") {
    if (std::optional<NumberArray> answers = find_array(file, "y")) return std::move(*answers);
    throw FormatError(file.string() + ": no array y_test or y, expected one of them to hold the answers");
  }
  std::string text = read_plain_or_gzip(file, kMaxArrayBytes);
  if (std::optional<NumberArray> labels = parse_mlperf_labels(text)) return std::move(*labels);
  return array_of(parse_csv(text, file.string()));
}

LabelledSamples read_sample_files(std::span<const fs::path> files, bool with_answers) {
  if (files.empty() || files.size() > 2) {
    throw InputError(std::to_string(files.size()) +
                     " data files, expected one (inputs, perhaps with answers) or two (inputs and answers)");
  }
  std::string name = files[0].string();
  if (files.size() == 2)
    return make_samples(read_inputs(files[0]), name, read_answers(files[1]), files[1].string(), 0);
  if (files[0].extension() == ".npz") {
    if (std::optional<NumberArray> answers = find_array(files[0], "y"))
      return make_samples(read_inputs(files[0]), name, *answers, name, 0);
  } else if (files[0].extension() != ".npy") {
    NumberTable table = read_csv(files[0]);
    if (with_answers && !is_wafer_table(table)) return make_samples(table, name, 0);
    return make_samples(inputs_of(std::move(table), name), name);
  }
  return make_samples(read_inputs(files[0]), name);
}

bool has_sample_folder(const fs::path& folder) { return find_inputs(folder).has_value(); }

LabelledSamples read_sample_folder(const fs::path& folder, int num_classes) {
  fs::path inputs = *find_inputs(folder);
  std::optional<fs::path> answers = find_answers(folder);
  if (!answers) return make_samples(read_inputs(inputs), inputs.string());
  return make_samples(read_inputs(inputs), inputs.string(), read_answers(*answers), answers->string(),
                      num_classes);
}

}  // namespace netsurf
