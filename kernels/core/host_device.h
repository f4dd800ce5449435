// Marks a function that runs on the host and, under nvcc, on the device.
#pragma once

#ifdef __CUDACC__
#define NETSURF_HD __host__ __device__
#else
#define NETSURF_HD
#endif
