#include "engine/backend/finish.h"

#include <cmath>

#include "engine/backend/requantizer.h"
#include "engine/model/exactness.h"

namespace netsurf {
namespace {

void set_plain(const core::Requantizer& q, cpu::Finish& finish) {
  finish.in_low = static_cast<int32_t>(q.in_low);
  finish.in_high = static_cast<int32_t>(q.in_high);
  finish.offset = static_cast<int32_t>(q.offset);
  finish.right_shift = q.right_shift;
  finish.left_shift = q.left_shift;
  finish.low = static_cast<int32_t>(q.low);
  finish.high = static_cast<int32_t>(q.high);
}

void set_scaled(const Fusion& fusion, cpu::Finish& finish) {
  const CodeRange range = code_range(fusion.requantizer);
  finish.is_scaled = true;
  finish.low = static_cast<int32_t>(range.low);
  finish.high = static_cast<int32_t>(range.high);
  finish.has_step = fusion.step.has_value();
  if (fusion.step) finish.step = *fusion.step;
}

void set_scalings(const Model& model, const Fusion& fusion, const std::vector<std::vector<int32_t>>& operands,
                  PackedLayer& from) {
  const core::Requantizer& q = fusion.requantizer;
  ScalingRule& rule = from.scaling_rule;
  rule.scale_exponent = rule.shift_exponent = q.left_shift - q.right_shift;
  rule.constant = std::ldexp(static_cast<double>(q.offset), rule.scale_exponent);
  rule.turns = fusion.pools_after_affine && from.finish.pool > 1;
  if (fusion.affine >= 0) {
    const Layer& affine = model.layers()[static_cast<size_t>(fusion.affine)];
    from.scale = affine.scale;
    from.shift = affine.shift;
    auto frac_bits = [&](int parameter) {
      return model.parameters()[static_cast<size_t>(parameter)].format.frac_bits();
    };
    int products = model.type(affine.inputs[0]).frac_bits + frac_bits(from.scale);
    Alignment alignment = align(products, from.shift < 0 ? products : frac_bits(from.shift));
    rule.scale_exponent += alignment.first_shift;
    rule.shift_exponent += alignment.second_shift;
  }
  from.scalings.resize(static_cast<size_t>(from.num_quads()));
  for (int channel = 0; channel < from.sums.num_outputs; ++channel) {
    auto operand = [&](int parameter, int32_t otherwise) {
      return parameter < 0 ? otherwise
                           : operands[static_cast<size_t>(parameter)][static_cast<size_t>(channel)];
    };
    cpu::Scaling& scaling = from.scalings[static_cast<size_t>(channel / cpu::kQuad)];
    rule.set_scale(scaling, channel % cpu::kQuad, operand(from.scale, 1));
    rule.set_shift(scaling, channel % cpu::kQuad, operand(from.shift, 0));
  }
  for (cpu::QuadJob& job : from.quads) job.scaling = &from.scalings[static_cast<size_t>(job.quad)];
}

}  // namespace

void set_finish(const Model& model, const Fusion& fusion, const PackedLayer& to,
                const std::vector<std::vector<int32_t>>& operands, PackedLayer& from) {
  cpu::Finish& finish = from.finish;
  finish.pool = fusion.pool.height * fusion.pool.width;
  finish.stored_offset = to.input.offset;
  finish.width = to.input.width;
  from.out_words = to.input.pixel_words;
  finish.out_words = from.out_words;
  from.sums.finish = &finish;
  if (fusion.is_scaled()) {
    set_scaled(fusion, finish);
    set_scalings(model, fusion, operands, from);
  } else {
    set_plain(fusion.requantizer, finish);
  }
}

}  // namespace netsurf
