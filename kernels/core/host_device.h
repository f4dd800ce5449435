// Marks a function that runs on the host and, under nvcc, on the device; one that must become a part of its
// caller there, since what it holds stays in registers only then; and loops to unroll there, or not to.
#pragma once

#ifdef __CUDACC__
#define NETSURF_HD __host__ __device__
#define NETSURF_HD_INLINE __host__ __device__ __forceinline__
#define NETSURF_UNROLL _Pragma("unroll")
#define NETSURF_NO_UNROLL _Pragma("unroll 1")
#else
#define NETSURF_HD
#define NETSURF_HD_INLINE inline
#define NETSURF_UNROLL
#define NETSURF_NO_UNROLL
#endif
