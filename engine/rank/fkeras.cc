// FKeras's order, to compare: elements by eigenpairs of the Hessian, then the most significant bits of all
// elements, the second bits of all, and so on, whatever their widths and steps.
#include <algorithm>
#include <cmath>

#include "engine/gradient/eigenpairs.h"
#include "engine/rank/draws.h"
#include "engine/rank/order.h"
#include "engine/rank/rankers.h"
#include "engine/rank/twin_scores.h"

namespace netsurf {
namespace {

using Kind = RankerOption::Kind;

constexpr double kTolerance = 1e-3, kSmall = 1e-6;  // of its stopping rule and its divisions

double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

/// Power iteration as FKeras does it: eigenpairs one after the other, those found before being taken out of
/// the vector tensor by tensor. That is no projection (a tensor's share of an eigenvector has no length of
/// one), so that later pairs come out as mixtures of earlier ones.
class TensorwiseIteration {
 public:
  TensorwiseIteration(const RankRequest& request, const BlockOperator& hessian)
      : request_(request), hessian_(hessian) {
    size_t begin = 0;
    for (const BitSpace::Segment& segment : request.space.segments()) {
      size_t size = (segment.end - segment.begin) / static_cast<BitId>(segment.bits);
      tensors_.emplace_back(begin, size);
      begin += size;
    }
    num_elements_ = begin;
  }

  Eigenpairs find(int64_t count, int64_t most_steps) {
    for (int64_t pair = 0; pair < count; ++pair) find_next(pair, most_steps);
    return std::move(found_);
  }

 private:
  void find_next(int64_t pair, int64_t most_steps) {
    std::vector<double> v = start(pair);
    normalize(v);
    double value = 0;
    for (int64_t step = 0; step < most_steps; ++step) {
      take_out_found(v);
      normalize(v);
      std::vector<double> product = hessian_(v);
      double next = dot(product, v);
      v = std::move(product);
      normalize(v);
      bool is_done = step > 0 && std::fabs(next - value) / (std::fabs(value) + kSmall) < kTolerance;
      value = next;
      if (is_done) break;
    }
    found_.values.push_back(value);
    found_.vectors.insert(found_.vectors.end(), v.begin(), v.end());
  }

  /// Uniform in [0, 1), not around zero.
  std::vector<double> start(int64_t pair) const {
    uint64_t key = draw_key("netsurf fkeras start", request_.space, request_.seed);
    std::vector<double> v;
    for (uint64_t draw : ranking_draws(key, num_elements_, static_cast<uint64_t>(pair)))
      v.push_back(static_cast<double>(draw >> 11) * 0x1p-53);
    return v;
  }

  static void normalize(std::vector<double>& v) {
    double length = std::sqrt(dot(v, v)) + kSmall;
    for (double& x : v) x /= length;
  }

  void take_out_found(std::vector<double>& v) const {
    for (size_t pair = 0; pair < found_.values.size(); ++pair) {
      std::span<const double> e = std::span(found_.vectors).subspan(pair * num_elements_, num_elements_);
      for (auto [begin, size] : tensors_) {
        double share = dot(std::span(v).subspan(begin, size), e.subspan(begin, size));
        for (size_t i = begin; i < begin + size; ++i) v[i] -= share * e[i];
      }
    }
  }

  const RankRequest& request_;
  const BlockOperator& hessian_;
  std::vector<std::pair<size_t, size_t>> tensors_;  // first element, elements
  size_t num_elements_ = 0;
  Eigenpairs found_;
};

}  // namespace

const std::array<RankerOption, 5> kFkerasOptions = {
    {{"k", Kind::integer, "8", 1, 1024, "", "eigenpairs"},
     {"deflation", Kind::word, "global", 0, 0, "global per_tensor",
      "global: the eigenpairs; per_tensor: what its own power iteration takes for them"},
     {"max_iter", Kind::integer, "100", 1, 100000, "",
      "most products of a block (global), or steps of a pair (per_tensor)"},
     kProducts,
     kPrecision}};

RankedBits rank_fkeras(const RankRequest& request) {
  std::unique_ptr<FloatTwin> twin = twin_of(request);
  int64_t count = request.settings.integer("k"), most = request.settings.integer("max_iter");
  check_count("fkeras", "k", count, twin->num_elements());
  Eigenpairs pairs;
  if (request.settings.word("deflation") == "global") {
    EigenOptions options = eigen_options(request, count, most);
    options.num_threads = request.num_threads;
    pairs = top_eigenpairs(hessian_of("fkeras", request, *twin, most * options.block), twin->num_elements(),
                           options);
  } else {
    BlockOperator hessian = hessian_of("fkeras", request, *twin, count * most);
    pairs = TensorwiseIteration(request, hessian).find(count, most);
  }

  std::vector<double> value = element_values(request.model, request.space), of_element(value.size());
  for (size_t i = 0; i < pairs.values.size(); ++i) {
    std::span<const double> v = std::span(pairs.vectors).subspan(i * value.size(), value.size());
    double weight = pairs.values[i] * pairs.values[i] * std::fabs(dot(v, value));
    for (size_t j = 0; j < value.size(); ++j) of_element[j] += weight * std::fabs(v[j]);
  }
  std::vector<double> score =
      to_bits(flip_table(request.model, request.space), finite("fkeras", "the eigenpairs", of_element));
  if (request.order == OrderMode::global) return order_bits(request, std::move(score), request.order);
  return order_places(request, std::move(score));
}

}  // namespace netsurf
