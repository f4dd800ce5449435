#include "engine/gradient/lane_loss.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "engine/base/digest.h"
#include "kernels/core/philox.h"
#include "kernels/cpu/tile.h"
#include "kernels/floating/parallel.h"

namespace netsurf {
namespace {

/// Softmax of unit x z. What a sample is nearly sure of keeps its digits: 1 - p is summed from the others.
class Softmax {
 public:
  Softmax(int outputs, double unit) : unit_(unit), p_(static_cast<size_t>(outputs)) {}

  template <typename Real>
  void set(const Real* z) {
    likeliest_ = static_cast<size_t>(std::max_element(z, z + p_.size()) - z);
    largest_ = unit_ * static_cast<double>(z[likeliest_]);
    rest_ = 0;
    for (size_t c = 0; c < p_.size(); ++c) {
      p_[c] = std::exp(unit_ * static_cast<double>(z[c]) - largest_);
      if (c != likeliest_) rest_ += p_[c];
    }
    for (double& each : p_) each /= 1 + rest_;
  }

  const std::vector<double>& p() const { return p_; }
  size_t likeliest() const { return likeliest_; }
  /// 1 - p[c].
  double without(size_t c) const { return c == likeliest_ ? rest_ / (1 + rest_) : 1 - p_[c]; }
  /// -log p[c], from z[c].
  double surprise(double z) const { return std::log1p(rest_) + (largest_ - unit_ * z); }

 private:
  double unit_;
  std::vector<double> p_;
  size_t likeliest_ = 0;
  double largest_ = 0, rest_ = 0;  // unit x the largest z; the sum of exp(unit z - largest) over the others
};

core::PhiloxBlock draw(int64_t sample, int64_t block, uint64_t key) {
  const auto address = static_cast<uint64_t>(sample);
  return core::philox({{static_cast<uint32_t>(address), static_cast<uint32_t>(address >> 32),
                        static_cast<uint32_t>(block), 0}},
                      key);
}

}  // namespace

LaneLoss::LaneLoss(const FrozenNetwork& network, const EvaluationSet& set) : set_(set) {
  const Model& model = network.network().model();
  outputs_ = static_cast<int>(model.type(model.scored_layer()).elements());
  unit_ = static_cast<double>(model.layers().back().unit);
  if (set.task != Task::comparison) return;
  answers_.resize(static_cast<size_t>(set.count * outputs_));
  const int64_t tiles = (set.count + cpu::kTile - 1) / cpu::kTile, blocks = std::min<int64_t>(tiles, 16);
  const auto scored = static_cast<size_t>(network.network().scored_buffer());
  floating::parallel_for(blocks, [&](int64_t block) {
    Workspace workspace = network.network().make_workspace();
    FrozenTile<double> tile;
    for (int64_t t = tiles * block / blocks; t < tiles * (block + 1) / blocks; ++t) {
      const int64_t begin = t * cpu::kTile;
      const int samples = static_cast<int>(std::min<int64_t>(cpu::kTile, set.count - begin));
      network.fill(begin, samples, workspace, tile);
      for (int64_t i = 0; i < int64_t{samples} * outputs_; ++i)
        answers_[static_cast<size_t>(begin * outputs_ + i)] =
            unit_ * tile.values[scored][static_cast<size_t>(i)];
    }
  });
}

template <typename Real>
void LaneLoss::losses(int64_t begin, int samples, int lanes, const Real* z, double* losses, Real* d) const {
  Softmax softmax(outputs_, unit_);
  std::vector<double> slopes(static_cast<size_t>(outputs_));
  for (int64_t n = begin; n < begin + samples; ++n) {
    for (int lane = 0; lane < lanes; ++lane, z += outputs_) {
      if (classifies()) {
        const auto label = static_cast<size_t>(set_.labels[static_cast<size_t>(n)]);
        softmax.set(z);
        losses[lane] += softmax.surprise(static_cast<double>(z[label]));
        slopes = softmax.p();
        slopes[label] = -softmax.without(label);
      } else {
        double sum = 0;
        for (size_t c = 0; c < slopes.size(); ++c) {
          const size_t place = static_cast<size_t>(n * outputs_) + c;
          const double answer =
              set_.task == Task::comparison ? answers_[place] : static_cast<double>(set_.targets[place]);
          const double error = unit_ * static_cast<double>(z[c]) - answer;
          sum += error * error;
          slopes[c] = 2 * error / outputs_;
        }
        losses[lane] += sum / outputs_;
      }
      if (d == nullptr) continue;
      for (double each : slopes) *d++ = static_cast<Real>(unit_ * each);
    }
  }
}

template <typename Real>
void LaneLoss::second(int samples, int lanes, const Real* z, const Real* rz, Real* rd) const {
  if (!classifies()) {
    const auto curvature = static_cast<Real>(2 * unit_ * unit_ / outputs_);
    for (int64_t i = 0; i < int64_t{samples} * lanes * outputs_; ++i) rd[i] = curvature * rz[i];
    return;
  }
  const auto num = static_cast<size_t>(outputs_);
  Softmax softmax(outputs_, unit_);
  std::vector<Real> p(num);
  const auto curvature = static_cast<Real>(unit_ * unit_);
  for (int n = 0; n < samples; ++n, z += outputs_) {
    softmax.set(z);
    for (size_t c = 0; c < num; ++c) p[c] = static_cast<Real>(softmax.p()[c]);
    for (int lane = 0; lane < lanes; ++lane, rz += outputs_, rd += outputs_) {
      // p (rz - mean rz), from differences to the likeliest output: nothing large cancels.
      const Real from = rz[softmax.likeliest()];
      Real mean = 0;
      for (size_t c = 0; c < num; ++c) mean += p[c] * (rz[c] - from);
      for (size_t c = 0; c < num; ++c) rd[c] = curvature * p[c] * ((rz[c] - from) - mean);
    }
  }
}

template <typename Real>
void LaneLoss::factor(int samples, const Real* z, int first, int count, Real* s) const {
  Softmax softmax(outputs_, unit_);
  for (int n = 0; n < samples; ++n, z += outputs_) {
    if (classifies()) softmax.set(z);
    for (int c = first; c < first + count; ++c, s += outputs_) {
      if (classifies()) {
        const double root = unit_ * std::sqrt(softmax.p()[static_cast<size_t>(c)]);
        for (int o = 0; o < outputs_; ++o)
          s[o] = static_cast<Real>(-root * softmax.p()[static_cast<size_t>(o)]);
        s[c] = static_cast<Real>(root * softmax.without(static_cast<size_t>(c)));
      } else {
        std::fill_n(s, outputs_, Real{0});
        s[c] = static_cast<Real>(unit_ * std::sqrt(2.0 / outputs_));
      }
    }
  }
}

template <typename Real>
void LaneLoss::sampled(int64_t begin, int samples, const Real* z, uint64_t seed, Real* s) const {
  const uint64_t key = Digest().add("netsurf curvature 1").add(static_cast<int64_t>(seed)).first_64_bits();
  Softmax softmax(outputs_, unit_);
  for (int64_t n = begin; n < begin + samples; ++n, z += outputs_, s += outputs_) {
    if (classifies()) {
      softmax.set(z);
      const std::vector<double>& p = softmax.p();
      double left = static_cast<double>(draw(n, 0, key).pair(0) >> 11) * 0x1p-53;
      size_t label = 0;
      for (; label + 1 < p.size() && left >= p[label]; ++label) left -= p[label];
      for (size_t o = 0; o < p.size(); ++o) s[o] = static_cast<Real>(unit_ * p[o]);
      s[label] = static_cast<Real>(-unit_ * softmax.without(label));
    } else {
      const auto size = static_cast<Real>(unit_ * std::sqrt(2.0 / outputs_));
      for (int begin_bits = 0; begin_bits < outputs_; begin_bits += 128) {
        const core::PhiloxBlock bits = draw(n, begin_bits / 128, key);
        for (int o = begin_bits; o < std::min(begin_bits + 128, outputs_); ++o) {
          const int bit = o - begin_bits;
          s[o] = (bits.word[bit / 32] >> (bit % 32) & 1) == 0 ? size : -size;
        }
      }
    }
  }
}

template void LaneLoss::losses(int64_t, int, int, const float*, double*, float*) const;
template void LaneLoss::losses(int64_t, int, int, const double*, double*, double*) const;
template void LaneLoss::second(int, int, const float*, const float*, float*) const;
template void LaneLoss::second(int, int, const double*, const double*, double*) const;
template void LaneLoss::factor(int, const float*, int, int, float*) const;
template void LaneLoss::factor(int, const double*, int, int, double*) const;
template void LaneLoss::sampled(int64_t, int, const float*, uint64_t, float*) const;
template void LaneLoss::sampled(int64_t, int, const double*, uint64_t, double*) const;

}  // namespace netsurf
