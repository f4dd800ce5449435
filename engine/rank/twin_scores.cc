#include "engine/rank/twin_scores.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "engine/base/error.h"
#include "engine/rank/order.h"
#include "engine/rank/rankers.h"

namespace netsurf {
namespace {

constexpr int kBlock = 8;  // vectors of a product: a narrow block needs the fewest in all

void normalize(const BitSpace& space, std::vector<double>& score) {
  for (const BitSpace::Segment& segment : space.segments()) {
    auto width = static_cast<BitId>(segment.bits);
    for (BitId first = segment.begin; first < std::min(segment.begin + width, segment.end); ++first) {
      double low = score[first], high = score[first];
      for (BitId id = first; id < segment.end; id += width) {
        low = std::min(low, score[id]);
        high = std::max(high, score[id]);
      }
      for (BitId id = first; id < segment.end; id += width)
        score[id] = high > low ? (score[id] - low) / (high - low) : 0;
    }
  }
}

Precision precision_of(const RankRequest& request) {
  return request.settings.word("precision") == "float32" ? Precision::float32 : Precision::float64;
}

}  // namespace

std::unique_ptr<FloatTwin> twin_of(const RankRequest& request) {
  TwinOptions options;
  options.precision = precision_of(request);
  options.num_threads = request.num_threads;
  return make_float_twin(request.model, request.space, *request.data, options);
}

BlockOperator hessian_of(std::string_view method, const RankRequest& request, const FloatTwin& twin,
                         int64_t expected) {
  bool is_exact = request.settings.word("hvp") == "exact";
  DifferenceOptions differences;
  differences.step = difference_step(precision_of(request));
  auto done = std::make_shared<int64_t>(0);
  return [method, &request, &twin, expected, is_exact, differences, done](std::span<const double> rows) {
    check_stop(request);
    std::vector<double> products =
        is_exact ? twin.hessian_products(rows) : twin.difference_products(rows, differences);
    *done += static_cast<int64_t>(rows.size()) / std::max<int64_t>(twin.num_elements(), 1);
    if (request.progress) {
      double share = static_cast<double>(*done) / static_cast<double>(std::max<int64_t>(expected, 1));
      request.progress(std::min(share, 1.0), "products with the Hessian");
    }
    return finite(method, "a product with the Hessian", std::move(products));
  };
}

std::vector<double> element_values(const Model& model, const BitSpace& space) {
  return element_values(model, space, PlainNetwork(model).clean_parameters());
}

std::vector<double> element_values(const Model& model, const BitSpace& space,
                                   const ParameterOperands& operands) {
  std::vector<double> values;
  for_each_bit(space, [&](BitId, const BitSpace::Segment& segment, int64_t element, int bit) {
    if (bit != 0) return;
    const Parameter& parameter = model.parameters()[static_cast<size_t>(segment.parameter)];
    int32_t operand = operands[static_cast<size_t>(segment.parameter)][static_cast<size_t>(element)];
    values.push_back(std::ldexp(static_cast<double>(operand), -parameter.format.frac_bits()));
  });
  return values;
}

std::vector<double> finite(std::string_view method, std::string_view what, std::vector<double> numbers) {
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (std::isfinite(numbers[i])) continue;
    throw RunError(
        "ranking method " + std::string(method) + ": " + std::string(what) + " of element " +
        std::to_string(i) +
        " is not a finite number; try --method_kws precision=float64, or samples of a smaller range");
  }
  return numbers;
}

EigenOptions eigen_options(const RankRequest& request, int64_t count, int64_t max_sweeps) {
  EigenOptions options;
  options.count = static_cast<int>(count);
  options.block = std::max(kBlock, options.count);
  options.max_sweeps = static_cast<int>(max_sweeps);
  options.tolerance = eigen_tolerance(precision_of(request));
  options.seed = request.seed;
  return options;
}

void check_count(std::string_view method, std::string_view setting, int64_t count, int64_t elements) {
  if (count <= elements) return;
  throw InputError("ranking method " + std::string(method) + ": " + std::string(setting) + "=" +
                   std::to_string(count) + " eigenpairs, but the model has " + std::to_string(elements) +
                   " elements with bits; ask for at most that many");
}

std::vector<double> to_bits(const FlipTable& flips, const std::vector<double>& of_element) {
  std::vector<double> score(flips.element.size());
  for (size_t id = 0; id < score.size(); ++id) score[id] = of_element[flips.element[id]];
  return score;
}

RankedBits order_scores(const RankRequest& request, std::vector<double> score) {
  if (request.settings.integer("normalize_score") != 0) normalize(request.space, score);
  if (request.settings.integer("ascending") != 0) {
    for (double& one : score) one = -one;
  }
  return order_bits(request, std::move(score), request.order);
}

}  // namespace netsurf
