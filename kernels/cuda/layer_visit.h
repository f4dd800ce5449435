// From a descriptor to its body: the one place that knows which body a layer's widths and sizes ask for.
#pragma once

#include <type_traits>

#include "kernels/cuda/layer_bodies.h"
#include "kernels/cuda/layer_ops.h"
#include "kernels/cuda/layer_sums.h"

namespace netsurf::cuda {

inline constexpr int kTileSamples = 4;

namespace visits {

template <typename Sum, int kChannels, typename Use>
void visit_sums(const SumsOp& op, int num_samples, Use& use) {
  if (num_samples >= kTileSamples * kColumnStep) {
    use(SumsBody<Sum, kChannels, kTileSamples>{op});
  } else {
    use(SumsBody<Sum, kChannels, 1>{op});
  }
}

template <typename Sum, typename Use>
void visit_sums(const SumsOp& op, int num_samples, Use& use) {
  // 32 products for 12 loads, 16 for 8, 4 for 5.
  if (op.group_outputs >= 32 || op.group_outputs % 8 == 0) {
    visit_sums<Sum, 8>(op, num_samples, use);
  } else if (op.group_outputs >= 4) {
    visit_sums<Sum, 4>(op, num_samples, use);
  } else {
    visit_sums<Sum, 1>(op, num_samples, use);
  }
}

template <typename Use>
void visit(const SumsOp& op, int num_samples, Use& use) {
  if (op.wide_sums) {
    visit_sums<int64_t>(op, num_samples, use);
  } else {
    visit_sums<int32_t>(op, num_samples, use);
  }
}

template <typename Use>
void visit(const RequantizeOp& op, int, Use& use) {
  if (op.x.is_wide) {
    use(RequantizeBody<int64_t>{op});
  } else {
    use(RequantizeBody<int32_t>{op});
  }
}

/// Bodies of an input and an output width, of which the output's is never the smaller.
template <template <typename, typename> typename Body, typename Op, typename Use>
void visit_widths(const Op& op, Use& use) {
  if (op.x.is_wide) {
    use(Body<int64_t, int64_t>{op});
  } else if (op.y.is_wide) {
    use(Body<int32_t, int64_t>{op});
  } else {
    use(Body<int32_t, int32_t>{op});
  }
}

template <typename Use>
void visit(const AffineOp& op, int, Use& use) {
  visit_widths<AffineBody>(op, use);
}

template <typename Use>
void visit(const JoinOp& op, int, Use& use) {
  visit_widths<JoinBody>(op, use);
}

template <typename Use>
void visit(const ThresholdOp& op, int, Use& use) {
  if (op.x.is_wide) {
    use(ThresholdBody<int64_t>{op});
  } else {
    use(ThresholdBody<int32_t>{op});
  }
}

template <typename Use>
void visit(const PoolOp& op, int, Use& use) {
  if (op.kind == PoolKind::average) {
    use(PoolBody<int32_t, int32_t, PoolKind::average>{op});
  } else if (op.kind == PoolKind::sum && op.y.is_wide) {
    use(PoolBody<int32_t, int64_t, PoolKind::sum>{op});
  } else if (op.kind == PoolKind::sum) {
    use(PoolBody<int32_t, int32_t, PoolKind::sum>{op});
  } else if (op.y.is_wide) {
    use(PoolBody<int64_t, int64_t, PoolKind::max>{op});
  } else {
    use(PoolBody<int32_t, int32_t, PoolKind::max>{op});
  }
}

template <typename Use>
void visit(const UpsampleOp& op, int, Use& use) {
  if (op.y.is_wide) {
    use(UpsampleBody<int64_t>{op});
  } else {
    use(UpsampleBody<int32_t>{op});
  }
}

}  // namespace visits

/// Calls use(body) with the body that computes `op` for chunks of so many samples.
template <typename Use>
void visit_body(const LayerOp& op, int num_samples, Use use) {
  std::visit([&](const auto& each) { visits::visit(each, num_samples, use); }, op);
}

}  // namespace netsurf::cuda
