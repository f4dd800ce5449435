#include "apps/ranking_data.h"

#include <ostream>

#include "apps/option_groups.h"
#include "apps/text_table.h"
#include "engine/rank/samples.h"

namespace netsurf {

EvaluationSet ranking_data(const Arguments& arguments, const Model& model, const DataRecipe& recipe,
                           DataShelf& shelf, const Streams& streams) {
  const Dataset& dataset = shelf.get(recipe);
  bool has_train = dataset.train.count > 0;
  if (!has_train) {
    streams.err << "note: data set " << dataset.name
                << " has no training half; rankings read its test samples, and --compare judges on those "
                   "they leave\n";
  }
  const Samples& samples = has_train ? dataset.train : dataset.test;
  EvaluationSet set = encode(model, choose_samples(samples, rank_samples_of(arguments)), dataset.task);
  streams.err << "rankings read " << set.count << " of " << samples.count << " samples of " << dataset.name
              << ", data " << short_digest(set.digest) << "\n";
  return set;
}

}  // namespace netsurf
