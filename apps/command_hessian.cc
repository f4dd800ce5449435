#include "apps/command_hessian.h"

#include <algorithm>
#include <cmath>
#include <ostream>

#include "apps/interrupt.h"
#include "apps/model_open.h"
#include "apps/option_groups.h"
#include "apps/pipeline.h"
#include "apps/progress.h"
#include "apps/ranking_data.h"
#include "apps/spectrum_table.h"
#include "apps/text_table.h"
#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/text.h"

namespace netsurf {
namespace {

constexpr int kMostValues = 1000, kMostSweeps = 100;

SpectrumOptions options_of(const Arguments& arguments, Precision precision) {
  SpectrumOptions options;
  options.eigen.count = static_cast<int>(arguments.integer("top", 1, kMostValues));
  options.eigen.max_sweeps = kMostSweeps;
  options.eigen.tolerance = eigen_tolerance(precision);
  options.eigen.seed = seed_of(arguments);
  options.eigen.num_threads = threads_of(arguments);
  options.products = arguments.integer("products", 4, 1 << 20);
  const std::string way = arguments.text("hvp");
  if (way != "exact" && way != "differences")
    throw InputError(unknown_word_message("--hvp", way, std::vector<std::string>{"exact", "differences"}));
  options.differences = way == "differences";
  options.difference.step = difference_step(precision);
  return options;
}

Precision precision_of(const Arguments& arguments) {
  const std::string word = arguments.text("precision");
  if (word == "float64") return Precision::float64;
  if (word == "float32") return Precision::float32;
  throw InputError(unknown_word_message("--precision", word, std::vector<std::string>{"float32", "float64"}));
}

Spectrum measure(const FloatTwin& twin, const SpectrumOptions& options, const Streams& streams) {
  InterruptGuard interrupt;
  Progress progress(streams);
  SpectrumWatch watch;
  watch.stop = &interrupt.stop();
  watch.progress = [&](double done, const char* step) { progress.show("hessian", done, 1, step); };
  return run_interruptibly(interrupt, [&] { return spectrum_of(twin, options, watch); });
}

int hessian_main(const Arguments& arguments, const Streams& streams) {
  if (!arguments.has("model"))
    throw InputError("--model is missing; give a model file, such as one that netsurf train made");
  refuse_overwriting(arguments, "csv", {"model", "weights", "dataset"});
  const Precision precision = precision_of(arguments);
  SpectrumOptions options = options_of(arguments, precision);
  const BitSpace::Pruned pruned = pruned_of(arguments);
  rank_samples_of(arguments);  // what can be refused early, is
  const Model model = open_model(arguments.text("model"), arguments, streams);
  const BitSpace space(model, pruned);
  DataShelf shelf(datasets_dir_of(arguments));
  const EvaluationSet set = ranking_data(arguments, model, recipe_of(arguments, model), shelf, streams);
  const std::unique_ptr<FloatTwin> twin =
      make_float_twin(model, space, set, {.precision = precision, .num_threads = options.eigen.num_threads});
  if (!arguments.has("top"))
    options.eigen.count = static_cast<int>(std::clamp<int64_t>(twin->num_elements(), 1, options.eigen.count));
  const Spectrum spectrum = measure(*twin, options, streams);
  const std::vector<ParameterCurvature> parameters =
      parameter_curvatures(model, space, spectrum.diagonal.diagonal);
  streams.out << spectrum_text(spectrum, parameters);
  const double worst = *std::max_element(spectrum.eigen.residuals.begin(), spectrum.eigen.residuals.end());
  if (worst > options.eigen.tolerance * std::abs(spectrum.eigen.values.front()))
    streams.err << "note: after " << counted(static_cast<uint64_t>(spectrum.eigen.products), "product")
                << " a residual is still " << number_text("%.1e", worst)
                << "; its eigenvalue is known no better than that\n";
  if (arguments.has("csv")) {
    write_file(arguments.text("csv"), spectrum_csv(spectrum, parameters));
    streams.out << "\ncsv   " << arguments.text("csv") << "\n";
  }
  return 0;
}

}  // namespace

Command hessian_command() {
  return {
      "hessian",
      "how the loss curves: leading eigenvalues of the Hessian, its trace, and each parameter's part of it",
      "",
      join_options(
          {{{"model", "FILE", "", "a model file (.onnx), or a network made by others", false, "m"},
            {"top", "N", "8", "eigenvalues, by falling magnitude"},
            {"products", "N", "128",
             "products with the Hessian for the trace, and for the diagonal, where they are estimated: with "
             "more than 1,024 outputs or a parameter that two layers share"},
            {"hvp", "NAME", "exact",
             "how the Hessian is multiplied: exact (the R-operator), or differences (of gradients)"},
            {"precision", "NAME", "float64", "numbers of the passes: float64 or float32"},
            {"rank_samples", "N", "2000", "training samples to read; the same ones that rankers read"},
            {"csv", "FILE", "", "also write the numbers as CSV"},
            pruned_option(),
            {"seed", "N", "1", "seed of the starting block and of the probes"},
            {"threads", "N", "0", "threads; 0: all cores. Results do not depend on it", false, "t"}},
           data_options(),
           import_options()}),
      {"netsurf hessian --model model.onnx",
       "netsurf hessian --model model.onnx --top 20 --rank_samples 500 --csv hessian.csv"},
      hessian_main};
}

}  // namespace netsurf
