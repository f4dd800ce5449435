#include "engine/gradient/element_map.h"

#include <algorithm>

namespace netsurf {
namespace {

/// Calls visit(element of the vector, place in the tensor).
template <typename Visit>
void visit_places(const BitSpace::Segment& segment, int64_t first, int64_t size, Visit visit) {
  if (segment.elements.empty()) {
    for (int64_t place = 0; place < size; ++place) visit(first + place, place);
  } else {
    for (uint32_t place : segment.elements) visit(first++, int64_t{place});
  }
}

}  // namespace

ElementMap::ElementMap(const Model& model, const BitSpace& space)
    : space_(space), first_(model.parameters().size(), -1), segments_(model.parameters().size(), 0) {
  for (const Parameter& parameter : model.parameters())
    sizes_.push_back(static_cast<int64_t>(parameter.codes.size()));
  for (size_t s = 0; s < space.segments().size(); ++s) {
    const BitSpace::Segment& segment = space.segments()[s];
    const auto parameter = static_cast<size_t>(segment.parameter);
    first_[parameter] = num_elements_;
    segments_[parameter] = s;
    num_elements_ += (segment.end - segment.begin) / static_cast<uint32_t>(segment.bits);
  }
}

template <typename Real>
void ElementMap::put(int parameter, const double* values, double scale, const Real* base,
                     Real* tensor) const {
  const auto p = static_cast<size_t>(parameter);
  const BitSpace::Segment& segment = space_.segments()[segments_[p]];
  if (base != nullptr) {
    std::copy_n(base, sizes_[p], tensor);
    visit_places(segment, first_[p], sizes_[p], [&](int64_t element, int64_t place) {
      tensor[place] += static_cast<Real>(scale * values[element]);
    });
  } else {
    if (!segment.elements.empty()) std::fill_n(tensor, sizes_[p], Real{0});
    visit_places(segment, first_[p], sizes_[p], [&](int64_t element, int64_t place) {
      tensor[place] = static_cast<Real>(scale * values[element]);
    });
  }
}

template <typename Real>
void ElementMap::add(int parameter, const Real* tensor, double scale, double* values) const {
  const auto p = static_cast<size_t>(parameter);
  visit_places(space_.segments()[segments_[p]], first_[p], sizes_[p], [&](int64_t element, int64_t place) {
    values[element] += scale * static_cast<double>(tensor[place]);
  });
}

template void ElementMap::put(int, const double*, double, const float*, float*) const;
template void ElementMap::put(int, const double*, double, const double*, double*) const;
template void ElementMap::add(int, const float*, double, double*) const;
template void ElementMap::add(int, const double*, double, double*) const;

}  // namespace netsurf
