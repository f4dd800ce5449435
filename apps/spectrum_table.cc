#include "apps/spectrum_table.h"

#include <cmath>
#include <sstream>

#include "apps/printable.h"
#include "apps/text_table.h"
#include "engine/store/csv.h"

namespace netsurf {
namespace {

constexpr size_t kMaxNameBytes = 60;

std::string short_number(double number) { return number_text("%.4g", number); }

std::optional<double> error_of(double error, bool is_exact) {
  return is_exact ? std::nullopt : std::optional(error);
}

}  // namespace

std::vector<ParameterCurvature> parameter_curvatures(const Model& model, const BitSpace& space,
                                                     const std::vector<double>& diagonal) {
  std::vector<ParameterCurvature> all;
  size_t next = 0;
  for (const BitSpace::Segment& segment : space.segments()) {
    ParameterCurvature of;
    of.name = model.parameters()[static_cast<size_t>(segment.parameter)].name;
    of.elements = (int64_t{segment.end} - segment.begin) / segment.bits;
    for (int64_t i = 0; i < of.elements; ++i) of.trace += diagonal[next++];
    if (of.elements > 0) all.push_back(of);
  }
  return all;
}

std::string spectrum_text(const Spectrum& spectrum, const std::vector<ParameterCurvature>& parameters) {
  const double trace = spectrum.trace.trace;
  double parts = 0;  // an estimated diagonal need not add up to an estimated trace
  for (const ParameterCurvature& of : parameters) parts += of.trace;
  auto share = [&](double part) {
    return parts > 0 ? number_text("%.2f", 100 * part / parts) : std::string();
  };
  TextTable values({"eigenvalue", "value", "residual", "% of trace"});
  for (size_t i = 0; i < spectrum.eigen.values.size(); ++i)
    values.add({std::to_string(i + 1), short_number(spectrum.eigen.values[i]),
                number_text("%.1e", spectrum.eigen.residuals[i]), share(spectrum.eigen.values[i])});
  TextTable of_parameters({"parameter", "elements", "trace", "per element", "% of trace"});
  for (const ParameterCurvature& of : parameters)
    of_parameters.add({printable(of.name, kMaxNameBytes), std::to_string(of.elements), short_number(of.trace),
                       short_number(of.mean()), share(of.trace)});
  std::string text = "loss " + short_number(spectrum.loss) + ", gradient " +
                     short_number(spectrum.gradient_norm) + ", trace " + short_number(trace);
  if (spectrum.is_exact) {
    text += " (exact)\n\n";
  } else {
    text += " +- " + number_text("%.2g", spectrum.trace.standard_error) + " (XTrace, " +
            counted(static_cast<uint64_t>(spectrum.trace.products), "product") + "); diagonal to " +
            number_text("%.2g", 100 * spectrum.diagonal.relative_error) + " % (XDiag)\n\n";
  }
  return text + values.text() + "\n" + of_parameters.text();
}

std::string spectrum_csv(const Spectrum& spectrum, const std::vector<ParameterCurvature>& parameters) {
  std::ostringstream out;
  CsvWriter csv(out);
  for (const char* column : {"quantity", "name", "elements", "value", "error"}) csv.add(column);
  csv.end_line();
  auto row = [&](const char* quantity, std::string_view name, int64_t elements, double value,
                 std::optional<double> error) {
    csv.add(quantity).add(name).add(elements).add(value).add(error);
    csv.end_line();
  };
  const auto all = std::ssize(spectrum.diagonal.diagonal);
  row("loss", "all", all, spectrum.loss, std::nullopt);
  row("gradient_norm", "all", all, spectrum.gradient_norm, std::nullopt);
  row("trace", "all", all, spectrum.trace.trace, error_of(spectrum.trace.standard_error, spectrum.is_exact));
  for (size_t i = 0; i < spectrum.eigen.values.size(); ++i)
    row("eigenvalue", std::to_string(i + 1), all, spectrum.eigen.values[i], spectrum.eigen.residuals[i]);
  for (const ParameterCurvature& of : parameters)
    row("parameter_trace", of.name, of.elements, of.trace, std::nullopt);
  return out.str();
}

}  // namespace netsurf
