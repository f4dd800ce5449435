#include "models/datasets_samples.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "engine/base/error.h"
#include "models/bytes.h"

namespace netsurf {
namespace {

constexpr int64_t kMaxSampleSize = int64_t{1} << 30;

[[noreturn]] void fail(const std::string& name, const std::string& problem) {
  throw FormatError(name + ": " + problem);
}

/// Whole numbers from 2^24 on have been rounded to fit a float: their digits would be made up.
std::string number_text(float value) {
  if (value == std::floor(value) && std::fabs(value) < 0x1p24f)
    return std::to_string(static_cast<int64_t>(value));
  char text[32];
  std::snprintf(text, sizeof text, std::fabs(value) < 0x1p24f ? "%f" : "about %.3g",
                static_cast<double>(value));
  return text;
}

void check_finite(const NumberArray& array, int64_t count, const std::string& name) {
  auto bad =
      std::find_if(array.values.begin(), array.values.end(), [](float x) { return !std::isfinite(x); });
  if (bad == array.values.end()) return;
  int64_t place = bad - array.values.begin();
  int64_t per_sample = static_cast<int64_t>(array.values.size()) / count;
  fail(name, "sample " + std::to_string(place / per_sample) + ", value " +
                 std::to_string(place % per_sample) + " is " + std::to_string(*bad) +
                 ", expected finite numbers");
}

Shape sample_shape(const NumberArray& inputs, const std::string& name) {
  if (inputs.shape.empty() || inputs.shape.size() > 4) {
    fail(name, "shape " + sizes_text(inputs.shape) +
                   ", expected [samples, features], [samples, height, width] or " +
                   "[samples, height, width, channels]");
  }
  std::span<const int64_t> sizes = std::span(inputs.shape).subspan(1);
  uint64_t size = bounded_product(sizes, static_cast<uint64_t>(kMaxSampleSize));
  if (size == 0 || size > static_cast<uint64_t>(kMaxSampleSize)) {
    fail(name, "shape " + sizes_text(inputs.shape) + ", expected samples of 1 to 2^30 values");
  }
  Shape shape(sizes.begin(), sizes.end());
  if (shape.empty() || shape.size() == 2) shape.push_back(1);
  return shape;
}

/// Whether every row of [N, C], C >= 2, is one 1 and otherwise 0.
bool is_one_hot(const NumberArray& answers) {
  if (answers.shape.size() != 2 || answers.shape[1] < 2) return false;
  int64_t columns = answers.shape[1];
  for (size_t at = 0; at < answers.values.size(); at += static_cast<size_t>(columns)) {
    auto row = std::span(answers.values).subspan(at, static_cast<size_t>(columns));
    if (std::count(row.begin(), row.end(), 1.0f) != 1 ||
        std::count(row.begin(), row.end(), 0.0f) != columns - 1) {
      return false;
    }
  }
  return true;
}

void read_one_hot(const NumberArray& answers, LabelledSamples& out, int num_classes) {
  int64_t columns = answers.shape[1];
  int64_t expected = num_classes > 0 ? num_classes : kMaxClasses;
  if (columns > expected) {
    fail(out.answers_name, "one-hot rows of " + std::to_string(columns) + " classes, expected at most " +
                               std::to_string(expected));
  }
  for (auto row = answers.values.begin(); row != answers.values.end(); row += columns) {
    out.samples.labels.push_back(static_cast<int32_t>(std::find(row, row + columns, 1.0f) - row));
  }
  out.num_classes = static_cast<int>(columns);
}

void read_labels(const NumberArray& answers, LabelledSamples& out, int num_classes) {
  int limit = num_classes > 0 ? num_classes : kMaxClasses;
  for (float value : answers.values) {
    if (!(value >= 0) || value >= static_cast<float>(limit)) {
      fail(out.answers_name,
           "sample " + std::to_string(out.samples.labels.size()) + " has label " + number_text(value) +
               ", expected 0 to " + std::to_string(limit - 1) +
               (num_classes > 0 ? "" : "; for regression store floats, or name the CSV column target"));
    }
    out.samples.labels.push_back(static_cast<int32_t>(value));
  }
  out.num_classes = 1 + *std::max_element(out.samples.labels.begin(), out.samples.labels.end());
}

}  // namespace

LabelledSamples make_samples(NumberArray inputs, const std::string& inputs_name) {
  LabelledSamples out;
  out.task = Task::comparison;
  out.answers_name = inputs_name;
  out.samples.shape = sample_shape(inputs, inputs_name);
  out.samples.count = inputs.shape[0];
  if (out.samples.count == 0) fail(inputs_name, "no samples, expected at least one");
  check_finite(inputs, out.samples.count, inputs_name);
  out.samples.values = std::move(inputs.values);
  return out;
}

LabelledSamples make_samples(NumberArray inputs, const std::string& inputs_name, const NumberArray& answers,
                             const std::string& answers_name, int num_classes) {
  LabelledSamples out = make_samples(std::move(inputs), inputs_name);
  out.task = Task::classification;
  out.answers_name = answers_name;
  int64_t count = out.samples.count;
  if (answers.shape.empty() || answers.shape.size() > 2 || answers.shape.back() == 0) {
    fail(answers_name, "shape " + sizes_text(answers.shape) + ", expected [samples] or [samples, answers]");
  }
  if (answers.shape[0] != count) {
    fail(answers_name, std::to_string(answers.shape[0]) + " answers, expected " + std::to_string(count) +
                           ", one for each sample of " + inputs_name);
  }
  check_finite(answers, count, answers_name);
  int64_t columns = answers.shape.size() == 2 ? answers.shape[1] : 1;
  if (is_one_hot(answers)) {
    read_one_hot(answers, out, num_classes);
  } else if (answers.is_integer) {
    if (columns != 1) {
      fail(answers_name, std::to_string(columns) +
                             " integers a sample that are not one-hot, expected one label; " +
                             "for regression store floats");
    }
    read_labels(answers, out, num_classes);
  } else {
    if (num_classes > 0) {
      fail(answers_name, "real-valued answers, expected labels 0 to " + std::to_string(num_classes - 1));
    }
    if (columns > kMaxSampleSize) {
      fail(answers_name, std::to_string(columns) + " targets a sample, expected at most 2^30");
    }
    out.task = Task::regression;
    out.samples.num_targets = static_cast<int>(columns);
    out.samples.targets = answers.values;
  }
  return out;
}

LabelledSamples make_samples(const NumberTable& table, const std::string& name, int num_classes) {
  if (table.columns < 2) {
    fail(name, "found " + std::to_string(table.columns) + " column, expected inputs and a label or target");
  }
  auto is_answer = [](const std::string& column) {
    return column == "label" || column == "class" || column == "target";
  };
  auto named = std::find_if(table.names.begin(), table.names.end(), is_answer);
  int64_t answer_column = named == table.names.end() ? table.columns - 1 : named - table.names.begin();
  bool is_target = named != table.names.end() && *named == "target";

  NumberArray inputs, answers;
  inputs.shape = {table.rows, table.columns - 1};
  inputs.values.reserve(table.values.size() - static_cast<size_t>(table.rows));
  answers.shape = {table.rows};
  for (size_t i = 0; i < table.values.size(); ++i) {
    bool to_answers = static_cast<int64_t>(i) % table.columns == answer_column;
    (to_answers ? answers : inputs).values.push_back(table.values[i]);
  }
  answers.is_integer = !is_target && std::all_of(answers.values.begin(), answers.values.end(),
                                                 [](float x) { return x == std::floor(x); });
  return make_samples(std::move(inputs), name, answers, name, num_classes);
}

}  // namespace netsurf
