#include "tests/support/random_model.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "engine/base/error.h"

namespace netsurf::testing {

Draft shuffled(const Draft& draft, Random& random) {
  Draft other;
  std::vector<int> parameters(draft.parameters.size()), new_parameter(draft.parameters.size());
  std::iota(parameters.begin(), parameters.end(), 0);
  for (size_t i = parameters.size(); i > 1; --i) std::swap(parameters[i - 1], parameters[random.bits() % i]);
  for (int old : parameters) {
    new_parameter[static_cast<size_t>(old)] = static_cast<int>(other.parameters.size());
    other.parameters.push_back(draft.parameters[static_cast<size_t>(old)]);
  }
  std::vector<int> new_layer(draft.layers.size(), -1);
  while (other.layers.size() < draft.layers.size()) {
    std::vector<size_t> ready;
    for (size_t i = 0; i < draft.layers.size(); ++i) {
      const std::vector<int>& inputs = draft.layers[i].inputs;
      auto is_placed = [&](int input) { return new_layer[static_cast<size_t>(input)] >= 0; };
      if (new_layer[i] < 0 && std::all_of(inputs.begin(), inputs.end(), is_placed)) ready.push_back(i);
    }
    size_t next = random.of(ready);
    new_layer[next] = static_cast<int>(other.layers.size());
    Layer layer = draft.layers[next];
    for (int& input : layer.inputs) input = new_layer[static_cast<size_t>(input)];
    for (int* each : {&layer.kernel, &layer.bias, &layer.scale, &layer.shift, &layer.thresholds}) {
      if (*each >= 0) *each = new_parameter[static_cast<size_t>(*each)];
    }
    other.layers.push_back(std::move(layer));
  }
  return other;
}

Model build(const Draft& draft) { return Model::build("random", draft.layers, draft.parameters); }

Model random_model(Random& random, int64_t& refused) {
  while (true) {
    Draft draft = random_draft(random);
    try {
      return build(draft);
    } catch (const InputError&) {
      if (!draft.may_be_too_wide) throw;
      ++refused;
    }
  }
}

EvaluationSet random_evaluation_set(const Model& model, Random& random, int64_t count) {
  EvaluationSet set;
  const TensorType& output = model.type(model.scored_layer());
  const int64_t low = model.input().low_code(), high = model.input().high_code();
  set.count = count;
  set.sample_size = num_elements(model.input().shape);
  for (int64_t sample = 0; sample < count; ++sample) {
    int style = random.pick(0, 4);
    for (int64_t i = 0; i < set.sample_size; ++i) {
      int64_t code = random.between(low, high);
      if (style == 0) code = random.chance(50) ? low : high;
      if (style == 1) code = std::clamp<int64_t>(random.between(-1, 1), low, high);
      if (style == 2) code = low;
      set.codes.push_back(static_cast<int32_t>(code));
    }
  }
  if (random.chance(10)) {
    set.task = Task::comparison;
    set.digest = "random " + std::to_string(random.bits());
    return set;
  }
  bool labelled = output.shape.size() == 1 && random.chance(60);
  if (labelled || model.layers().back().kind == LayerKind::softmax) {
    set.task = Task::classification;
    for (int64_t i = 0; i < count; ++i) set.labels.push_back(random.pick(0, output.shape[0] - 1));
  } else {
    set.num_targets = static_cast<int>(num_elements(output.shape));
    set.task = set.num_targets == set.sample_size ? Task::reconstruction : Task::regression;
    for (int64_t i = 0; i < count * set.num_targets; ++i) {
      set.targets.push_back(static_cast<float>(random.between(-40'000, 40'000)) /
                            (random.chance(50) ? 10'000.0f : 7.0f));
    }
  }
  set.digest = "random " + std::to_string(random.bits());
  return set;
}

}  // namespace netsurf::testing
