// The Fortran routines of LAPACK in use here, as OpenBLAS provides them: column-major, everything by address,
// the lengths of characters behind the arguments.
#pragma once

#include <cstddef>

extern "C" {

/// Eigenvalues (rising) and eigenvectors of a symmetric matrix.
void dsyevd_(const char* jobz, const char* uplo, const int* n, double* a, const int* lda, double* w,
             double* work, const int* lwork, int* iwork, const int* liwork, int* info, size_t, size_t);

/// Householder QR: R in the upper triangle of a, Q as reflectors below it.
void dgeqrf_(const int* m, const int* n, double* a, const int* lda, double* tau, double* work,
             const int* lwork, int* info);

/// The first n columns of that Q.
void dorgqr_(const int* m, const int* n, const int* k, double* a, const int* lda, const double* tau,
             double* work, const int* lwork, int* info);

/// Singular values (falling) and vectors.
void dgesvd_(const char* jobu, const char* jobvt, const int* m, const int* n, double* a, const int* lda,
             double* s, double* u, const int* ldu, double* vt, const int* ldvt, double* work,
             const int* lwork, int* info, size_t, size_t);
}
