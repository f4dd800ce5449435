#include "engine/train/schedule.h"

namespace netsurf {

ValidationWatch::ValidationWatch(const Benchmark& benchmark, int first_epoch)
    : monitor_(benchmark.monitor),
      first_epoch_(first_epoch),
      patience_(benchmark.early_stopping),
      plateau_patience_(benchmark.plateau_patience),
      plateau_factor_(benchmark.plateau_factor) {}

ValidationWatch::Verdict ValidationWatch::judge(int epoch, double loss, double accuracy) {
  Verdict verdict;
  if (epoch < first_epoch_) return verdict;
  const double score = monitor_ == Monitor::loss ? -loss : accuracy;
  if (best_epoch_ < 0 || score > best_) {
    best_ = score;
    best_epoch_ = epoch;
    since_best_ = since_plateau_ = 0;
    verdict.is_best = true;
    return verdict;
  }
  verdict.stop = patience_ > 0 && ++since_best_ >= patience_;
  if (plateau_patience_ > 0 && ++since_plateau_ >= plateau_patience_) {
    since_plateau_ = 0;
    verdict.rate_factor = plateau_factor_;
  }
  return verdict;
}

}  // namespace netsurf
