#include "apps/command_predict.h"

#include <algorithm>
#include <ostream>

#include "apps/interrupt.h"
#include "apps/model_data.h"
#include "apps/model_open.h"
#include "apps/option_groups.h"
#include "apps/pipeline.h"
#include "apps/plot.h"
#include "apps/prediction_table.h"
#include "apps/progress.h"
#include "apps/text_table.h"
#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/predict/flip_rates.h"

namespace netsurf {
namespace {

namespace fs = std::filesystem;

/// The points to predict: what was asked for, else what the sweep measured, else the defaults.
std::vector<PredictionPoint> points_of(const Arguments& arguments, bool has_ranking,
                                       const std::vector<MeasuredCell>& measured) {
  std::vector<UnitDecimal> rates = decimals_of(arguments, "ber_range", "bit error rate");
  std::vector<UnitDecimal> protections = decimals_of(arguments, "protection_range", "protection");
  if (!has_ranking) {
    if (arguments.has("protection_range") && !(protections.size() == 1 && protections[0].is_zero()))
      throw InputError("--protection_range protects the first bits of a ranking; give --ranking FILE");
    protections = {UnitDecimal()};
  }
  std::vector<PredictionPoint> points;
  for (const UnitDecimal& protection : protections) {
    for (const UnitDecimal& rate : rates) points.push_back({protection, rate, {}, {}, std::nullopt});
  }
  if (!arguments.has("ber_range") && !arguments.has("protection_range") && !measured.empty()) points.clear();
  for (const MeasuredCell& cell : measured) {
    const auto same = [&](const PredictionPoint& point) {
      return point.protection == cell.protection && point.bit_error_rate == cell.bit_error_rate;
    };
    const auto found = std::find_if(points.begin(), points.end(), same);
    if (found != points.end()) {
      found->measured = cell.summary;
    } else if (!arguments.has("ber_range") && !arguments.has("protection_range")) {
      points.push_back({cell.protection, cell.bit_error_rate, {}, {}, cell.summary});
    }
  }
  std::stable_sort(points.begin(), points.end(), [](const PredictionPoint& a, const PredictionPoint& b) {
    return a.protection == b.protection ? a.bit_error_rate < b.bit_error_rate : a.protection < b.protection;
  });
  return points;
}

/// Each protection once, in the order of the points.
std::vector<Protection> protections_of(const std::vector<PredictionPoint>& points,
                                       const std::optional<Ranking>& ranking) {
  const auto ranks = ranking ? ranking->ranks() : nullptr;
  std::vector<Protection> protections;
  for (const PredictionPoint& point : points) {
    if (protections.empty() || !(protections.back().fraction == point.protection))
      protections.push_back({point.protection, ranks});
  }
  return protections;
}

void predict_points(const Model& model, const BitSpace& space, const EvaluationSet& set,
                    const std::vector<Protection>& protections, int num_threads, PredictionTable& table,
                    const Streams& streams) {
  InterruptGuard interrupt;
  Progress progress(streams);
  const auto total = static_cast<double>(table.points.size());
  const std::unique_ptr<FloatTwin> twin = make_float_twin(model, space, set, {.num_threads = num_threads});
  const SecondOrderModel second_order(*twin, model, space, protections);
  table.clean_loss = second_order.clean_loss();
  const MomentPredictor predictor(model, space, set, num_threads);
  size_t place = 0;
  for (size_t i = 0; i < table.points.size(); ++i) {
    PredictionPoint& point = table.points[i];
    while (!(protections[place].fraction == point.protection)) ++place;
    const double rate = point.bit_error_rate.value();
    PredictWatch watch;
    watch.stop = &interrupt.stop();
    watch.progress = [&](double done) {
      progress.show("predict", static_cast<double>(i) + done, total,
                    "protection " + point.protection.text() + " / BER " + point.bit_error_rate.text());
    };
    point.predicted = run_interruptibly(
        interrupt, [&] { return predictor.predict(flip_rates(space, rate, protections[place]), watch); });
    point.second_order = second_order.predict(rate, place);
  }
  progress.finish();
}

void check_outputs(const Arguments& arguments) {
  for (const char* output : {"csv", "plot"})
    refuse_overwriting(arguments, output, {"model", "weights", "ranking", "sweep", "dataset"});
  if (!arguments.has("plot")) return;
  const fs::path extension = fs::path(arguments.text("plot")).extension();
  if (extension != ".png" && extension != ".svg")
    throw InputError("--plot " + arguments.text("plot") + ": a picture is .png or .svg");
}

int predict_main(const Arguments& arguments, const Streams& streams) {
  if (!arguments.has("model"))
    throw InputError("--model is missing; give a model file, such as one that netsurf train made");
  check_outputs(arguments);
  const int num_threads = threads_of(arguments);
  PredictionTable table;
  table.split = split_of(arguments);
  const BitSpace::Pruned pruned = pruned_of(arguments);
  points_of(arguments, arguments.has("ranking"), {});  // what can be refused early, is
  const ModelFile file{arguments.text("model"), open_model(arguments.text("model"), arguments, streams)};
  const Model& model = file.model;
  const BitSpace space(model, pruned);
  std::optional<Ranking> ranking;
  if (arguments.has("ranking")) ranking = load_ranking_of(file, space, arguments.text("ranking")).ranking;
  DataShelf shelf(datasets_dir_of(arguments), halves_for(table.split));
  const Dataset& dataset = shelf.get(recipe_of(arguments, model));
  const EvaluationSet set = encode(model, dataset.split(table.split), dataset.task);
  std::vector<MeasuredCell> measured;
  if (arguments.has("sweep"))
    measured = measured_cells(arguments.text("sweep"), model, space, set, ranking ? &*ranking : nullptr);
  table.points = points_of(arguments, ranking.has_value(), measured);
  table.model_name = model.name();
  table.ranking_name = ranking ? ranking->method : "none";
  table.data_name = dataset.name;
  table.num_samples = set.count;
  streams.err << "predict " << counted(table.points.size(), "point") << " for model " << model.name() << " "
              << short_digest(model.digest()) << " on "
              << counted(static_cast<uint64_t>(set.count), table.split + " sample") << "\n";
  predict_points(model, space, set, protections_of(table.points, ranking), num_threads, table, streams);
  streams.out << prediction_text(table);
  if (!arguments.has("csv") && !arguments.has("plot")) return 0;
  // A picture is drawn from its table, which stays beside it.
  const fs::path csv = arguments.has("csv") ? fs::path(arguments.text("csv"))
                                            : fs::path(arguments.text("plot")).replace_extension(".csv");
  write_file(csv, prediction_csv(table));
  streams.out << "\ncsv   " << csv.string() << "\n";
  if (arguments.has("plot")) {
    for (const std::string& picture : plot_prediction(csv, arguments.text("plot")))
      streams.out << "plot  " << picture << "\n";
  }
  return 0;
}

}  // namespace

Command predict_command() {
  return {
      "predict",
      "predict accuracy and loss under faults without injecting any, beside a sweep if there is one",
      "",
      join_options(
          {{{"model", "FILE", "", "a model file (.onnx), or a network made by others", false, "m"},
            {"ranking", "FILE", "", "a ranking of this model (.npz)", false, "r"}},
           grid_options(),
           {{"sweep", "FILE", "",
             "results of netsurf sweep (.sqlite) to stand beside; without --ber_range and --protection_range "
             "its points are predicted"},
            {"csv", "FILE", "", "also write the table as CSV"},
            {"plot", "FILE", "", "also draw the curves, .png or .svg; the table goes into a .csv beside it"},
            split_option(),
            pruned_option(),
            {"threads", "N", "0", "threads; 0: all cores. Results do not depend on it", false, "t"}},
           data_options(),
           import_options()}),
      {"netsurf predict --model model.onnx --datasets_dir data --ber_range 1e-5 1e-4 1e-3 1e-2",
       "netsurf predict --model model.onnx --ranking msb.npz --sweep results.sqlite --plot predicted.svg"},
      predict_main};
}

}  // namespace netsurf
