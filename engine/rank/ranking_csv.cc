#include "engine/rank/ranking_csv.h"

#include <charconv>
#include <nlohmann/json.hpp>
#include <ostream>
#include <sstream>

#include "engine/base/error.h"
#include "engine/rank/order.h"

namespace netsurf {
namespace {

std::string number_text(double number) {
  char buffer[32];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, number).ptr};
}

/// A field that may hold commas or quotes.
std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n#") == std::string_view::npos) return std::string(text);
  std::string field = "\"";
  for (char c : text) {
    if (c == '"') field += '"';
    field += c;
  }
  return field + "\"";
}

std::string coordinates(int64_t element, const Shape& shape) {
  std::string text;
  for (size_t axis = shape.size(); axis-- > 0;) {
    std::string index = std::to_string(element % shape[axis]);
    text = text.empty() ? index : index + ", " + text;
    element /= shape[axis];
  }
  return "\"[" + text + "]\"";
}

std::string binary(int32_t code, int bits) {
  std::string text;
  for (int bit = bits - 1; bit >= 0; --bit) text += (static_cast<uint32_t>(code) >> bit & 1) != 0 ? '1' : '0';
  return text;
}

void check(const Ranking& ranking, const Model& model, const BitSpace& space) {
  auto refuse = [](const std::string& what, const std::string& found, const std::string& expected) {
    throw InputError("the ranking is for " + what + " " + found + ", not " + expected +
                     "; give the model it was made from");
  };
  if (ranking.model_digest != model.digest())
    refuse("the model with digest", ranking.model_digest, model.digest());
  if (ranking.bit_space_digest != space.digest())
    refuse("the bit space", ranking.bit_space_digest, space.digest());
  if (ranking.order.size() != space.size() || ranking.score.size() != space.size()) {
    refuse("a number of bits of", std::to_string(ranking.order.size()), std::to_string(space.size()));
  }
}

/// Where a parameter's elements and bits begin when all stored ones of the network are counted in one row,
/// pruned ones included.
struct Start {
  int64_t element = 0;
  int64_t bit = 0;
};

}  // namespace

void write_ranking_csv(const Ranking& ranking, const Model& model, const BitSpace& space, std::ostream& out) {
  check(ranking, model, space);
  nlohmann::ordered_json about = {
      {"config",
       {{"method", ranking.method},
        {"suffix", ranking.suffix},
        {"order", ranking.order_mode},
        {"seed", ranking.seed},
        {"model_digest", ranking.model_digest},
        {"bit_space_digest", ranking.bit_space_digest},
        {"options", ranking.options},
        {"data_digest", ranking.data_digest},
        {"digest", ranking.digest()}}},
      {"metrics", {{"ranking_time", ranking.seconds}}},
  };
  out << "# " << about.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace) << "\n"
      << "param,global_param_num,variable_index,internal_param_num,coord,bit,value,rank,susceptibility,"
         "binary,pruned,"
         "param_num,global_param_num_bit,alias,method\n";

  std::vector<Start> start;
  Start next;
  for (const Parameter& parameter : model.parameters()) {
    start.push_back(next);
    auto elements = parameter.constant ? 0 : static_cast<int64_t>(parameter.codes.size());
    next.element += elements;
    next.bit += elements * parameter.format.bits;
  }
  std::string alias =
      csv_field(ranking.suffix.empty() ? ranking.method : ranking.method + "_" + ranking.suffix);
  for (size_t place = 0; place < ranking.order.size(); ++place) {
    BitId id = ranking.order[place];
    BitAddress at = space.address(id);
    auto index = static_cast<size_t>(at.parameter);
    const Parameter& parameter = model.parameters()[index];
    const Format& format = parameter.format;
    auto element = static_cast<size_t>(at.element);
    int32_t code = parameter.codes[element];
    int64_t number = start[index].element + at.element;
    // Rows of one variable stand plane after plane, most significant first.
    int64_t row = start[index].bit +
                  int64_t{format.bits - 1 - at.bit} * static_cast<int64_t>(parameter.codes.size()) +
                  at.element;
    bool is_pruned = !parameter.pruned.empty() && parameter.pruned[element] != 0;
    double share = static_cast<double>(at.bit - (format.bits - 1)) / format.bits;
    out << csv_field(parameter.name) << ',' << number << ',' << at.parameter << ',' << at.element << ','
        << coordinates(at.element, parameter.shape) << ',' << exponent_of(parameter, at.bit) << ','
        << number_text(parameter.operand(code) * format.step()) << ',' << place << ','
        << number_text(ranking.score[id]) << ',' << binary(code, format.bits) << ','
        << (is_pruned ? "True" : "False") << ',' << row << ','
        << number_text(static_cast<double>(number) + share) << ',' << alias << ',' << ranking.method << '\n';
  }
}

std::string ranking_to_csv(const Ranking& ranking, const Model& model, const BitSpace& space) {
  std::ostringstream out;
  write_ranking_csv(ranking, model, space, out);
  return std::move(out).str();
}

}  // namespace netsurf
