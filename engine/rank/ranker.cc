#include "engine/rank/ranker.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/rank/rankers.h"

namespace netsurf {
namespace {

constexpr std::array kRankers = {
    RankerRow{"random", "", "any order, from the seed: what the others must beat", rank_random},
    RankerRow{"bitwise_msb", "bitwise", "most significant bits first", rank_bitwise_msb},
    RankerRow{"bitwise_lsb", "", "least significant bits first", rank_bitwise_lsb},
    RankerRow{"layerwise_first", "layerwise", "layers from input to output", rank_layerwise_first},
    RankerRow{"layerwise_last", "", "layers from output to input", rank_layerwise_last},
    RankerRow{"weight_abs_value", "weight_abs_val weight_abs", "large weights first", rank_weight_abs_value},
    RankerRow{"diffbitperweight", "", "elements whose neighbouring bits differ most first",
              rank_diffbitperweight, false, OrderMode::planes, kBitPatternOptions},
    RankerRow{"recursive_uneven", "", "elements of the commonest bit patterns first", rank_recursive_uneven,
              false, OrderMode::planes, kBitPatternOptions},
    RankerRow{"grad", "hirescam", "size of the gradient of the loss", rank_grad, true, OrderMode::planes,
              kGradOptions},
    RankerRow{"grad_norm", "hirescam_norm", "the same, scaled to [0, 1] in every tensor", rank_grad, true,
              OrderMode::planes, kGradNormOptions},
    RankerRow{"graddelta", "hiresdelta", "gradient where the weights are what flips change them by",
              rank_graddelta, true, OrderMode::planes, kGraddeltaOptions},
    RankerRow{"graddelta_norm", "hiresdelta_norm", "the same, scaled to [0, 1] in every tensor",
              rank_graddelta, true, OrderMode::planes, kGraddeltaNormOptions},
    RankerRow{"hessian", "", "leading eigenpairs of the Hessian, times the value", rank_hessian, true,
              OrderMode::planes, kHessianOptions},
    RankerRow{"hessiandelta", "", "the same where the weights are what flips change them by",
              rank_hessiandelta, true, OrderMode::planes, kHessiandeltaOptions},
    RankerRow{"fisher", "", "mean of squared gradients", rank_fisher, true, OrderMode::planes,
              kFisherOptions},
    RankerRow{"laplace", "", "the Hessian's diagonal from plain random probes", rank_laplace, true,
              OrderMode::planes, kLaplaceOptions},
    RankerRow{"qpolar", "", "how far a flip moves its layer's output", rank_qpolar, true, OrderMode::planes,
              kQpolarOptions},
    RankerRow{"qpolargrad", "", "the same times the gradient", rank_qpolargrad, true, OrderMode::planes,
              kQpolargradOptions},
    RankerRow{"impact_hessian", "", "the same times the curvature of the loss", rank_impact_hessian, true,
              OrderMode::global, kImpactHessianOptions},
    RankerRow{"taylor2", "", "loss of a flip to second order, the gradient by its size", rank_taylor2, true,
              OrderMode::global, kTaylorOptions},
    RankerRow{"curvature", "", "loss of a flip by curvature alone: h d^2 / 2", rank_curvature, true,
              OrderMode::global, kTaylorOptions},
    RankerRow{"fkeras", "", "FKeras's order: eigenpairs, then most significant bits of all elements first",
              rank_fkeras, true, OrderMode::planes, kFkerasOptions},
    RankerRow{"incontext", "",
              "curvature and sure gradients of copies that are already faulty, chosen step by step",
              rank_incontext, true, OrderMode::global, kIncontextOptions},
    RankerRow{"attack", "bfa", "the order of a bit-flip attack: progressive bit search", rank_attack, true,
              OrderMode::global, kAttackOptions},
    RankerRow{"aiber", "", "flip probabilities that learn to move the outputs", rank_aiber, true,
              OrderMode::planes, kAiberOptions},
    RankerRow{"oracle", "", "what flipping each bit alone did, from a file of netsurf oracle", rank_oracle,
              false, OrderMode::global, kOracleOptions, false},
};

bool is_called(const RankerRow& row, std::string_view word) {
  std::vector<std::string> aliases = split(row.aliases, " ");
  return row.name == word || std::find(aliases.begin(), aliases.end(), word) != aliases.end();
}

std::vector<std::string> built_names() {
  std::vector<std::string> names;
  for (const RankerRow& row : kRankers) names.emplace_back(row.name);
  return names;
}

void check_space(const RankRequest& request) {
  for (const BitSpace::Segment& segment : request.space.segments()) {
    auto index = static_cast<size_t>(segment.parameter);
    bool fits = index < request.model.parameters().size();
    if (fits) {
      const Parameter& parameter = request.model.parameters()[index];
      uint64_t elements = (segment.end - segment.begin) / static_cast<uint32_t>(segment.bits);
      fits = !parameter.constant && parameter.format.bits == segment.bits &&
             elements <= parameter.codes.size() &&
             (segment.elements.empty() ? elements == parameter.codes.size()
                                       : segment.elements.back() < parameter.codes.size());
    }
    if (!fits)
      throw InputError("the bit space is not one of model " + request.model.name() +
                       "; build it from that model");
  }
}

void check_data(const RankerRow& row, const RankRequest& request) {
  if (!row.needs_data) return;
  std::string name = "ranking method " + std::string(row.name);
  if (request.data == nullptr || request.data->count == 0) {
    throw InputError(name +
                     " reads training samples, and there are none; name the model's data with "
                     "--dataset or --benchmark, or take a method that needs none, such as bitwise_msb");
  }
  int64_t wanted = num_elements(request.model.input().shape);
  if (request.data->sample_size != wanted) {
    throw InputError(name + ": samples of " + std::to_string(request.data->sample_size) +
                     " values for a model that reads " + std::to_string(wanted) +
                     "; encode the data for this model");
  }
}

}  // namespace

std::string_view name_of(OrderMode order) { return order == OrderMode::planes ? "planes" : "global"; }

OrderMode parse_order_mode(std::string_view text) {
  if (text == "planes") return OrderMode::planes;
  if (text == "global") return OrderMode::global;
  throw InputError(unknown_word_message("order", text, std::vector<std::string>{"planes", "global"}));
}

void check_stop(const RankRequest& request) {
  if (request.stop != nullptr && *request.stop) throw RunError("ranking was stopped before it was done");
}

std::span<const RankerRow> rankers() { return kRankers; }

const RankerRow& find_ranker(std::string_view method) {
  for (const RankerRow& row : kRankers) {
    if (is_called(row, method)) return row;
  }
  std::vector<std::string> built = built_names();
  built.emplace_back("all");
  throw InputError(unknown_word_message("ranking method", method, built));
}

std::vector<std::string> expand_methods(std::span<const std::string> methods) {
  if (methods.empty()) throw InputError("no ranking method given; known: all, " + join(built_names(), ", "));
  std::vector<std::string> names;
  auto add = [&](std::string_view name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
  };
  for (const std::string& method : methods) {
    if (method == "all") {
      for (const RankerRow& row : kRankers) {
        if (row.is_listed) add(row.name);
      }
    } else {
      add(find_ranker(method).name);
    }
  }
  return names;
}

Ranking rank(std::string_view method, const RankRequest& request) {
  const RankerRow& row = find_ranker(method);
  check_space(request);
  check_data(row, request);
  RankRequest complete = request;
  if (request.settings.is_empty()) complete.settings = RankerSettings(row.name, row.options, {});
  auto begin = std::chrono::steady_clock::now();
  RankedBits bits = row.function(complete);
  Ranking ranking;
  ranking.method = row.name;
  ranking.order_mode = name_of(request.order);
  ranking.suffix = request.suffix;
  ranking.model_digest = request.model.digest();
  ranking.bit_space_digest = request.space.digest();
  ranking.options = complete.settings.text();
  if (row.needs_data) ranking.data_digest = request.data->digest;
  ranking.seed = request.seed;
  ranking.order = std::move(bits.order);
  ranking.score = std::move(bits.score);
  ranking.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return ranking;
}

}  // namespace netsurf
