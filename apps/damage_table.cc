#include "apps/damage_table.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <span>
#include <sstream>

#include "apps/printable.h"
#include "apps/text_table.h"
#include "engine/rank/order.h"
#include "engine/stats/proportion.h"
#include "engine/store/csv.h"

namespace netsurf {
namespace {

constexpr size_t kWorst = 10;
constexpr size_t kMaxNameBytes = 200;
constexpr double kLeveugleMargin = 0.01;

/// A flipped bit and where it lives.
struct Place {
  BitAddress at;
  const Parameter* parameter = nullptr;
  int exponent = 0;
};

std::vector<Place> places_of(const Damage& damage, const Model& model, const BitSpace& space) {
  std::vector<Place> places;
  for (BitId id : damage.bits) {
    BitAddress at = space.address(id);
    const Parameter& parameter = model.parameters()[static_cast<size_t>(at.parameter)];
    places.push_back({at, &parameter, exponent_of(parameter, at.bit)});
  }
  return places;
}

std::string percent(double share) { return number_text("%.2f", 100 * share); }

/// The bits of one plane or parameter.
struct Group {
  std::string name;
  uint64_t bits = 0, changed = 0, costly = 0;
  double total = 0;
};

/// What is summed: the change of the loss, or of the outputs where there is no loss.
struct Metric {
  std::span<const double> values;
  std::string name;
};

Metric metric_of(const Damage& damage) {
  if (!damage.loss.empty()) return {damage.loss, "change of the mean loss"};
  return {damage.distance, "mean squared distance of the outputs"};
}

void count_in(Group& group, const Damage& damage, const Metric& metric, size_t i) {
  ++group.bits;
  group.changed += damage.changed[i] > 0;
  group.costly += !damage.accuracy.empty() && damage.accuracy[i] < 0;
  group.total += metric.values[i];
}

template <typename Groups>
std::string group_table(const std::string& title, const Groups& groups, bool has_accuracy, double total) {
  TextTable table({title, "bits", "change something %", "cost accuracy %", "total", "share %"});
  for (const Group& group : groups) {
    auto bits = static_cast<double>(group.bits);
    table.add({group.name, std::to_string(group.bits), percent(static_cast<double>(group.changed) / bits),
               has_accuracy ? percent(static_cast<double>(group.costly) / bits) : "-",
               number_text("%.6g", group.total), total > 0 ? percent(group.total / total) : "-"});
  }
  return table.text();
}

std::string plane_table(const Damage& damage, const std::vector<Place>& places, const Metric& metric,
                        double total) {
  std::map<int, Group, std::greater<>> planes;
  for (size_t i = 0; i < places.size(); ++i) {
    Group& group = planes[places[i].exponent];
    group.name = "2^" + std::to_string(places[i].exponent);
    count_in(group, damage, metric, i);
  }
  std::vector<Group> groups;
  for (auto& [exponent, group] : planes) groups.push_back(group);
  return group_table("plane", groups, !damage.accuracy.empty(), total);
}

std::string parameter_table(const Damage& damage, const std::vector<Place>& places, const Metric& metric,
                            double total) {
  std::vector<Group> groups;  // ids follow the parameters
  const Parameter* last = nullptr;
  for (size_t i = 0; i < places.size(); ++i) {
    if (places[i].parameter != last) groups.push_back({printable(places[i].parameter->name, kMaxNameBytes)});
    last = places[i].parameter;
    count_in(groups.back(), damage, metric, i);
  }
  return group_table("parameter", groups, !damage.accuracy.empty(), total);
}

std::string worst_table(const Damage& damage, const std::vector<Place>& places, const Metric& metric) {
  std::vector<size_t> order(places.size());
  std::iota(order.begin(), order.end(), size_t{0});
  auto end = order.begin() + static_cast<std::ptrdiff_t>(std::min(kWorst, order.size()));
  std::partial_sort(order.begin(), end, order.end(), [&](size_t a, size_t b) {
    return metric.values[a] != metric.values[b] ? metric.values[a] > metric.values[b] : a < b;
  });
  TextTable table(
      {"bit id", "parameter", "element", "bit", "exponent", "loss", "accuracy pp", "changed %", "distance"});
  for (auto at = order.begin(); at != end; ++at) {
    const Place& place = places[*at];
    table.add({std::to_string(damage.bits[*at]), printable(place.parameter->name, kMaxNameBytes),
               std::to_string(place.at.element), std::to_string(place.at.bit), std::to_string(place.exponent),
               damage.loss.empty() ? "-" : number_text("%+.6f", damage.loss[*at]),
               damage.accuracy.empty() ? "-" : number_text("%+.2f", 100 * damage.accuracy[*at]),
               percent(damage.changed[*at]), number_text("%.6g", damage.distance[*at])});
  }
  return table.text();
}

std::string count_line(const std::string& what, uint64_t count, const Damage& damage) {
  auto flipped = static_cast<int64_t>(damage.bits.size());
  std::string line = what + std::to_string(count) + ", " +
                     percent(static_cast<double>(count) / static_cast<double>(flipped)) + " %";
  if (!damage.is_exhaustive()) {
    Interval interval = wilson_interval(static_cast<int64_t>(count), flipped);
    line += " [" + percent(interval.low) + ", " + percent(interval.high) + "]";
  }
  return line + "\n";
}

/// The sum over all bits of the space, from those that were flipped.
std::string total_line(const Damage& damage, const Metric& metric, double sum) {
  auto flipped = static_cast<double>(damage.bits.size()), bits = static_cast<double>(damage.num_bits);
  std::string line = "total              " + number_text("%.6g", sum * bits / flipped);
  if (!damage.is_exhaustive()) {
    line += " +- ";
    double squares = 0;
    for (double value : metric.values) squares += (value - sum / flipped) * (value - sum / flipped);
    // Without replacement: the share that was not flipped is all there is to be unsure about.
    double error = bits * std::sqrt(squares / (flipped - 1) / flipped * (1 - flipped / bits));
    line += flipped < 2 ? "unknown" : number_text("%.3g", error);
  }
  return line + ": sum over all bits of the " + metric.name + "\n";
}

}  // namespace

std::string damage_summary(const Damage& damage, const Model& model, const BitSpace& space) {
  std::vector<Place> places = places_of(damage, model, space);
  Metric metric = metric_of(damage);
  Group all;
  for (size_t i = 0; i < places.size(); ++i) count_in(all, damage, metric, i);
  std::string text = std::to_string(damage.bits.size()) + " of " + counted(damage.num_bits, "bit") +
                     " flipped, each alone on " +
                     counted(static_cast<uint64_t>(damage.num_samples), damage.split + " sample") + "\n";
  text += count_line("change something   ", all.changed, damage);
  if (!damage.accuracy.empty()) text += count_line("cost accuracy      ", all.costly, damage);
  text += total_line(damage, metric, all.total);
  if (!damage.is_exhaustive()) {
    text +=
        "[..] are 95 % intervals (Wilson), +- is one standard error; for shares to +-1 % Leveugle et al. "
        "ask for " +
        std::to_string(leveugle_sample_size(static_cast<int64_t>(damage.num_bits), kLeveugleMargin)) +
        " flips\n";
  }
  return text + "\n" + plane_table(damage, places, metric, all.total) + "\n" +
         parameter_table(damage, places, metric, all.total) + "\nworst bits by " + metric.name + ":\n" +
         worst_table(damage, places, metric);
}

std::string damage_csv(const Damage& damage, const Model& model, const BitSpace& space) {
  std::ostringstream out;
  CsvWriter csv(out);
  for (const char* column :
       {"bit_id", "parameter", "element", "bit", "exponent", "loss", "accuracy", "changed", "distance"}) {
    csv.add(column);
  }
  csv.end_line();
  std::vector<Place> places = places_of(damage, model, space);
  for (size_t i = 0; i < places.size(); ++i) {
    auto number = [&](const std::vector<double>& values) {
      return values.empty() ? std::nullopt : std::optional(values[i]);
    };
    csv.add(uint64_t{damage.bits[i]}).add(places[i].parameter->name).add(places[i].at.element);
    csv.add(int64_t{places[i].at.bit}).add(int64_t{places[i].exponent});
    csv.add(number(damage.loss)).add(number(damage.accuracy));
    csv.add(damage.changed[i]).add(damage.distance[i]);
    csv.end_line();
  }
  return std::move(out).str();
}

}  // namespace netsurf
