#include "kernels/floating/sparse_rows.h"

#include <algorithm>
#include <cstddef>

#include "kernels/floating/lane_scratch.h"

// Compiled once per instruction set, chosen when the program loads. Sanitizers cannot follow the resolver.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(NETSURF_SANITIZED)
#define NETSURF_FLOATING_CLONES __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define NETSURF_FLOATING_CLONES
#endif

namespace netsurf::floating {
namespace {

// Above this share of entries the dense product is as fast: it needs no list, and its operands stay in cache
// longer.
constexpr double kSparse = 0.4;

template <typename Real>
struct Vector {
  static constexpr int kLanes = 32 / static_cast<int>(sizeof(Real));
  typedef Real Type __attribute__((vector_size(32), aligned(alignof(Real)), may_alias));
};

/// `Vectors` x 32 bytes of one row of y.
template <int Vectors, typename Real>
[[gnu::always_inline]] inline void add_row(const int32_t* columns, const Real* values, int entries,
                                           const Real* b, int width, Real* y) {
  using Type = typename Vector<Real>::Type;
  Type sums[Vectors];
  for (int v = 0; v < Vectors; ++v) sums[v] = reinterpret_cast<Type*>(y)[v];
  for (int e = 0; e < entries; ++e) {
    const Type* from = reinterpret_cast<const Type*>(b + int64_t{columns[e]} * width);
    const Real value = values[e];
    for (int v = 0; v < Vectors; ++v) sums[v] += value * from[v];
  }
  for (int v = 0; v < Vectors; ++v) reinterpret_cast<Type*>(y)[v] = sums[v];
}

template <typename Real>
[[gnu::always_inline]] inline void product(const SparseRows<Real>& a, int width, const Real* b,
                                           int64_t stride, Real* y) {
  constexpr int kLanes = Vector<Real>::kLanes;
  // Columns of b in stretches, each over all rows: b's stretch stays in cache.
  for (int begin = 0; begin < width;) {
    const int left = width - begin;
    const int step = left >= 8 * kLanes   ? 8 * kLanes
                     : left >= 4 * kLanes ? 4 * kLanes
                     : left >= kLanes     ? kLanes
                                          : 1;
    int first = 0;
    for (int row = 0; row < a.rows(); ++row) {
      const int32_t* columns = a.columns.data() + first;
      const Real* values = a.values.data() + first;
      const int entries = a.ends[static_cast<size_t>(row)] - first;
      Real* to = y + row * stride + begin;
      if (step == 8 * kLanes) {
        add_row<8>(columns, values, entries, b + begin, width, to);
      } else if (step == 4 * kLanes) {
        add_row<4>(columns, values, entries, b + begin, width, to);
      } else if (step == kLanes) {
        add_row<1>(columns, values, entries, b + begin, width, to);
      } else {
        for (int e = 0; e < entries; ++e) *to += values[e] * b[int64_t{columns[e]} * width + begin];
      }
      first = a.ends[static_cast<size_t>(row)];
    }
    begin += step;
  }
}

/// y [rows, width] += a b, with b [columns of a, width]; y's rows are `stride` apart.
NETSURF_FLOATING_CLONES void add_product(const SparseRows<float>& a, int width, const float* b,
                                         int64_t stride, float* y) {
  product(a, width, b, stride, y);
}
NETSURF_FLOATING_CLONES void add_product(const SparseRows<double>& a, int width, const double* b,
                                         int64_t stride, double* y) {
  product(a, width, b, stride, y);
}

/// to[j, i] = from[i, j] (or += it), for from [rows, columns].
template <bool adds, typename Real>
void transpose(int rows, int columns, const Real* from, Real* to) {
  constexpr int kBlock = 16;
  for (int row = 0; row < rows; row += kBlock) {
    const int row_end = std::min(row + kBlock, rows);
    for (int column = 0; column < columns; ++column) {
      Real* place = to + int64_t{column} * rows;
      for (int i = row; i < row_end; ++i) {
        const Real value = from[int64_t{i} * columns + column];
        place[i] = adds ? place[i] + value : value;
      }
    }
  }
}

}  // namespace

template <typename Real>
void make_sparse(int rows, int columns, const Real* x, SparseMatrix<Real>& matrix) {
  SparseRows<Real>&by_row = matrix.rows, &by_column = matrix.columns;
  for (SparseRows<Real>* part : {&by_row, &by_column}) {
    part->ends.clear();
    part->columns.clear();
    part->values.clear();
  }
  const auto most = static_cast<size_t>(kSparse * rows * columns);
  std::vector<int32_t> counts(static_cast<size_t>(columns), 0);
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column) {
      const Real value = x[int64_t{row} * columns + column];
      if (value == 0) continue;
      by_row.columns.push_back(column);
      by_row.values.push_back(value);
      ++counts[static_cast<size_t>(column)];
    }
    by_row.ends.push_back(static_cast<int32_t>(by_row.values.size()));
    if (by_row.values.size() > most) {
      by_row.ends.clear();
      return;
    }
  }
  by_column.ends.resize(counts.size());
  int32_t first = 0;
  for (size_t column = 0; column < counts.size(); ++column) {
    by_column.ends[column] = first;  // moves on to the end as the column fills
    first += counts[column];
  }
  by_column.columns.resize(by_row.columns.size());
  by_column.values.resize(by_row.values.size());
  size_t entry = 0;
  for (int row = 0; row < rows; ++row) {
    for (; entry < static_cast<size_t>(by_row.ends[static_cast<size_t>(row)]); ++entry) {
      const auto place = static_cast<size_t>(by_column.ends[static_cast<size_t>(by_row.columns[entry])]++);
      by_column.columns[place] = row;
      by_column.values[place] = by_row.values[entry];
    }
  }
}

template void make_sparse(int, int, const float*, SparseMatrix<float>&);
template void make_sparse(int, int, const double*, SparseMatrix<double>&);

template <typename Real>
void sparse_apply(LaneShape tile, DenseSizes shape, WeightsOf<Real> w, const SparseMatrix<Real>& x, Real* y) {
  Real* turned = scratch<Scratch::kernels, Real>(int64_t{shape.in} * shape.out);  // [in, out]
  for (int lane = 0; lane < tile.lanes; ++lane) {
    if (lane == 0 || w.lane_stride != 0)
      transpose<false>(shape.out, shape.in, w.data + lane * w.lane_stride, turned);
    add_product(x.rows, shape.out, turned, int64_t{tile.lanes} * shape.out, y + int64_t{lane} * shape.out);
  }
}

template <typename Real>
void sparse_to_weights(LaneShape tile, DenseSizes shape, RowsOf<Real> dy, const SparseMatrix<Real>& x,
                       WeightSums<Real> dw) {
  const int64_t kernel = int64_t{shape.in} * shape.out, stride = dy.per_lane ? tile.lanes : 1;
  Real* own =
      scratch<Scratch::products, Real>(int64_t{tile.samples} * shape.out);  // a lane's dy [samples, out]
  for (int lane = 0; lane < tile.lanes; ++lane) {
    for (int64_t n = 0; n < tile.samples; ++n)
      std::copy_n(dy.data + (n * stride + (dy.per_lane ? lane : 0)) * shape.out, shape.out,
                  own + n * shape.out);
    Real* turned = zeroed_scratch<Scratch::kernels, Real>(kernel);  // [in, out]
    add_product(x.columns, shape.out, own, shape.out, turned);
    transpose<true>(shape.in, shape.out, turned, dw.data + lane * dw.lane_stride);
  }
}

template void sparse_apply(LaneShape, DenseSizes, WeightsOf<float>, const SparseMatrix<float>&, float*);
template void sparse_apply(LaneShape, DenseSizes, WeightsOf<double>, const SparseMatrix<double>&, double*);
template void sparse_to_weights(LaneShape, DenseSizes, RowsOf<float>, const SparseMatrix<float>&,
                                WeightSums<float>);
template void sparse_to_weights(LaneShape, DenseSizes, RowsOf<double>, const SparseMatrix<double>&,
                                WeightSums<double>);

}  // namespace netsurf::floating
