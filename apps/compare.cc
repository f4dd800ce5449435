#include "apps/compare.h"

#include <algorithm>
#include <ostream>
#include <thread>

#include "apps/comparison.h"
#include "apps/interrupt.h"
#include "apps/option_groups.h"
#include "apps/plot.h"
#include "apps/progress.h"
#include "apps/text_table.h"
#include "engine/backend/backend.h"
#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/text.h"
#include "engine/rank/samples.h"

namespace netsurf {
namespace {

namespace fs = std::filesystem;

int num_threads_of(const SessionOptions& session) {
  return session.num_threads > 0 ? session.num_threads
                                 : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

/// Each ranking once: a file may be of a method that was ranked too.
void add_rankings(Comparison& comparison, std::vector<RankingFile> files, const Streams& streams) {
  std::vector<std::string> paths;
  for (RankingFile& file : files) {
    Ranking& ranking = file.ranking;
    std::string digest = ranking.digest();
    size_t same = 0;
    while (same < paths.size() &&
           !(comparison.digests[same] == digest && comparison.rankings[same].seed == ranking.seed))
      ++same;
    if (same < paths.size()) {
      streams.err << "note: " << file.path.string() << " is the same ranking as " << paths[same]
                  << "; compared once\n";
      continue;
    }
    paths.push_back(file.path.string());
    comparison.digests.push_back(digest);
    comparison.places.push_back(ranking.ranks());
    ranking.order = {};
    ranking.score = {};
    comparison.rankings.push_back(std::move(ranking));
  }
}

size_t baseline_of(const std::string& wanted, const std::vector<std::string>& names) {
  if (wanted.empty()) return 0;
  auto found = std::find(names.begin(), names.end(), wanted);
  if (found == names.end()) throw InputError(unknown_word_message("--baseline", wanted, names));
  return static_cast<size_t>(found - names.begin());
}

/// The test split; where it is all there is and rankers read of it too, what they left.
Samples judged_samples(const Dataset& dataset, int64_t rank_samples, const Streams& streams) {
  const Samples& samples = dataset.split(kJudgedSplit);
  if (dataset.train.count > 0) return samples;
  Samples rest = remaining_samples(samples, rank_samples);
  if (rest.count == 0)
    throw InputError("data set " + dataset.name + " has no training half, and rankings read all of its " +
                     std::to_string(samples.count) + " samples; give a smaller --rank_samples");
  streams.err << "note: data set " << dataset.name << " has no training half; rankings are judged on the "
              << rest.count << " samples that --rank_samples " << rank_samples << " leaves\n";
  return rest;
}

EvaluationSet judged_set(const CompareRequest& request, const Model& model, const Dataset& dataset,
                         int64_t rank_samples, const Streams& streams) {
  Samples samples = judged_samples(dataset, rank_samples, streams);
  if (request.num_samples > 0) samples = choose_samples(samples, request.num_samples);
  return encode(model, samples, dataset.task);
}

void add_agreement(Comparison& comparison, const CompareRequest& request) {
  std::vector<Places> places;
  for (const SharedPlaces& of_ranking : comparison.places) places.emplace_back(*of_ranking);
  for (size_t a = 0; a < places.size(); ++a) {
    for (size_t b = a + 1; b < places.size(); ++b) comparison.pairs.emplace_back(a, b);
  }
  AgreementOptions options;
  for (const UnitDecimal& top : request.tops) options.tops.push_back(top.floor_of(places[0].size()));
  options.seed = request.regret.faults.seed;
  options.resamples = request.resamples;
  options.num_threads = num_threads_of(request.session);
  comparison.agreements = compare_orders(places, comparison.pairs, options);
  if (!request.oracle) return;
  const Damage& damage = *request.oracle;
  comparison.num_measured = damage.bits.size();
  CaptureOptions capture_options{options.seed, options.resamples, options.num_threads};
  for (auto [name, values] : {std::pair<const char*, const std::vector<double>*>{"loss", &damage.loss},
                              {"changed", &damage.changed},
                              {"distance", &damage.distance}}) {
    if (values->empty() || (!damage.loss.empty() && values == &damage.distance)) continue;
    comparison.oracle.push_back({name, capture(places, damage.bits, *values, capture_options)});
  }
}

std::string progress_detail(const RegretProgress& now) {
  return "protection " + now.protection.text() + ", BER " + now.bit_error_rate.text() + ", " +
         std::to_string(now.trials_done) + "/" + std::to_string(now.trials_total) + " trials, " +
         number_text("%.4g trials/s", now.trials_per_second);
}

void say_design(const CompareRequest& request, const RegretResult& regret, const Streams& streams) {
  if (request.regret.faults.design == Design::independent) return;
  std::vector<std::string> rates;
  for (const RegretCell& cell : regret.cells) {
    std::string rate = cell.bit_error_rate.text();
    if (cell.design == Design::independent && (rates.empty() || rates.back() != rate)) rates.push_back(rate);
  }
  if (rates.empty()) return;
  streams.err << "note: design rotation needs " << kMinEpochs << " epochs of 1/BER trials, which --num_reps "
              << request.regret.trials << " does not hold; independent at BER " << join(rates, ", ") << "\n";
}

void write_outputs(const Comparison& comparison, const CompareRequest& request, const Streams& streams) {
  streams.out << comparison_text(comparison) << "\n";
  auto write = [&](const char* name, const std::string& text) {
    fs::path path = request.folder / name;
    write_file(path, text);
    streams.out << "csv      " << path.string() << "\n";
  };
  write("league.csv", league_csv(comparison));
  write("pairs.csv", pairs_csv(comparison));
  write("overlap.csv", overlap_csv(comparison));
  if (!comparison.oracle.empty()) write("oracle.csv", oracle_csv(comparison));
  if (!request.plot) return;
  for (const std::string& file : plot_comparison(request.folder)) streams.out << "plot     " << file << "\n";
}

}  // namespace

int compare(const CompareRequest& request, const ModelFile& file, std::vector<RankingFile> made,
            const Arguments& arguments, DataShelf& shelf, const Streams& streams) {
  made.insert(made.end(), request.given.begin(), request.given.end());
  Comparison comparison;
  add_rankings(comparison, std::move(made), streams);
  comparison.names = ranking_names(comparison.rankings);
  comparison.baseline = baseline_of(request.baseline, comparison.names);
  comparison.tops = request.tops;
  comparison.split = kJudgedSplit;
  comparison.seed = request.regret.faults.seed;

  const Dataset& dataset = shelf.get(recipe_of(arguments, file.model));
  EvaluationSet set = judged_set(request, file.model, dataset, rank_samples_of(arguments), streams);
  std::unique_ptr<Backend> backend = request.device.backend(streams);
  SessionOptions session_options = request.session;
  session_options.notice = [&](const std::string& text) { streams.err << "note: " << text << "\n"; };
  std::unique_ptr<Session> session =
      backend->open(file.model, set, BitSpace(file.model, pruned_of(arguments)), session_options);
  streams.err << "compare " << counted(comparison.names.size(), "ranking") << " of " << file.model.name()
              << " on " << counted(static_cast<uint64_t>(set.count), std::string(kJudgedSplit) + " sample")
              << ": baseline " << comparison.names[comparison.baseline] << ", seed "
              << request.regret.faults.seed << ", data " << short_digest(set.digest) << ", backend "
              << session->path() << "\n";
  comparison.num_samples = set.count;
  auto count = static_cast<double>(set.count);
  if (session->clean().correct != kNoCount)
    comparison.clean_accuracy = static_cast<double>(session->clean().correct) / count;
  if (session->clean().loss != kNoCount)
    comparison.clean_harm = static_cast<double>(session->clean().loss) * kLossUnit / count;

  InterruptGuard interrupt;
  Progress progress(streams);
  comparison.regret = run_regret(
      *session, comparison.places, request.regret,
      [&](const RegretProgress& now) {
        progress.show("compare", static_cast<double>(now.trials_done), static_cast<double>(now.trials_total),
                      progress_detail(now), now.seconds_left);
      },
      interrupt.stop());
  progress.finish();
  say_design(request, comparison.regret, streams);
  add_agreement(comparison, request);
  write_outputs(comparison, request, streams);
  if (!comparison.regret.stopped) return 0;
  streams.err << "interrupted: the tables hold the " << counted(comparison.regret.cells.size(), "cell")
              << " that were complete; run it again for the rest\n";
  return kInterruptedExit;
}

}  // namespace netsurf
