// The samples that rankers read: of the training half, so that what is measured on the test half was not
// seen.
#pragma once

#include "apps/command.h"
#include "apps/model_data.h"

namespace netsurf {

/// --rank_samples of the training samples, in the model's input codes. Data named as files have no halves:
/// all their samples are drawn from, which is said on stderr. Throws InputError as DataShelf::get and encode.
EvaluationSet ranking_data(const Arguments& arguments, const Model& model, const DataRecipe& recipe,
                           DataShelf& shelf, const Streams& streams);

}  // namespace netsurf
