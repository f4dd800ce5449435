#include "engine/train/batch_source.h"

#include <algorithm>
#include <string>

#include "engine/base/error.h"
#include "kernels/floating/loss.h"
#include "kernels/floating/parallel.h"

namespace netsurf {

void check_samples(const Benchmark& benchmark, const Samples& samples, int64_t outputs,
                   std::string_view what) {
  const std::string where = "benchmark " + benchmark.name + ": " + std::string(what) + " ";
  if (samples.count > 0 && samples.shape != benchmark.input_shape) {
    throw InputError(where + "samples are " + shape_text(samples.shape) + ", expected " +
                     shape_text(benchmark.input_shape) + " (input_shape of the benchmark)");
  }
  if (static_cast<int64_t>(samples.values.size()) != samples.count * samples.sample_size()) {
    throw InputError(where + "has " + std::to_string(samples.values.size()) + " values for " +
                     std::to_string(samples.count) + " samples of " + shape_text(samples.shape));
  }
  if (benchmark.task == Task::classification) {
    if (static_cast<int64_t>(samples.labels.size()) != samples.count) {
      throw InputError(where + "has " + std::to_string(samples.labels.size()) + " labels for " +
                       std::to_string(samples.count) + " samples, expected one each");
    }
    for (int32_t label : samples.labels) {
      if (label < 0 || label >= outputs) {
        throw InputError(where + "label " + std::to_string(label) + " found, expected 0 to " +
                         std::to_string(outputs - 1) + ": the network has " + std::to_string(outputs) +
                         " outputs");
      }
    }
  } else {
    const int64_t targets = benchmark.task == Task::regression ? samples.num_targets : samples.sample_size();
    if (samples.count > 0 && targets != outputs) {
      throw InputError(where + "has " + std::to_string(targets) + " targets per sample, the network has " +
                       std::to_string(outputs) + " outputs; expected as many");
    }
    if (benchmark.task == Task::regression &&
        static_cast<int64_t>(samples.targets.size()) != samples.count * targets) {
      throw InputError(where + "has " + std::to_string(samples.targets.size()) + " target values for " +
                       std::to_string(samples.count) + " samples, expected " + std::to_string(targets) +
                       " each");
    }
  }
}

void BatchSource::load(Network& network, const int64_t* rows, int batch) {
  float* input = network.input();
  floating::parallel_ranges(batch, size_, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      std::copy_n(samples_.values.data() + rows[i] * size_, size_, input + i * size_);
  });
  if (benchmark_.loss == LossKind::cross_entropy) {
    labels_.resize(static_cast<size_t>(batch));
    for (int i = 0; i < batch; ++i)
      labels_[static_cast<size_t>(i)] = samples_.labels[static_cast<size_t>(rows[i])];
  } else {
    load_targets(rows, batch);
  }
}

void BatchSource::load_targets(const int64_t* rows, int batch) {
  targets_.assign(static_cast<size_t>(batch * outputs_), 0.0f);
  for (int i = 0; i < batch; ++i) {
    float* to = targets_.data() + i * outputs_;
    if (benchmark_.task == Task::classification) {
      to[samples_.labels[static_cast<size_t>(rows[i])]] = 1.0f;
    } else {
      const std::vector<float>& from =
          benchmark_.task == Task::regression ? samples_.targets : samples_.values;
      std::copy_n(from.data() + rows[i] * outputs_, outputs_, to);
    }
  }
}

double BatchSource::loss(Network& network, int batch, bool with_gradient, double logit_scale,
                         int64_t* correct) const {
  float* gradient = with_gradient ? network.output_gradient() : nullptr;
  const int outputs = static_cast<int>(outputs_);
  if (benchmark_.loss == LossKind::cross_entropy) {
    return floating::softmax_cross_entropy(batch, outputs, logit_scale, network.output(), labels_.data(),
                                           gradient, correct);
  }
  *correct = 0;
  if (benchmark_.task == Task::classification) {
    for (int i = 0; i < batch; ++i) {
      const float* y = network.output() + i * outputs_;
      const float* target = targets_.data() + i * outputs_;
      *correct += std::max_element(y, y + outputs) - y == std::max_element(target, target + outputs) - target;
    }
  }
  return floating::mean_squared_error(batch, outputs, network.output(), targets_.data(), gradient);
}

}  // namespace netsurf
