// Marks a function that runs on the host and, under nvcc, on the device; and a loop to unroll there.
#pragma once

#ifdef __CUDACC__
#define NETSURF_HD __host__ __device__
#define NETSURF_UNROLL _Pragma("unroll")
#else
#define NETSURF_HD
#define NETSURF_UNROLL
#endif
