# The packed kernels of kernels/cpu have one file per instruction set; each runs only where find_kernels found that set.
# To be included where the library is made: the flags of a file belong to its folder.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
  set(avx512 -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512vnni)
  set(flags_avx2 -mavx2)
  set(flags_avx_vnni -mavx2 -mavxvnni)
  set(flags_avx512_vnni ${avx512})
  set(flags_amx ${avx512} -mamx-tile -mamx-int8)
  foreach(level avx2 avx_vnni avx512_vnni amx)
    set_property(SOURCE ${CMAKE_SOURCE_DIR}/kernels/cpu/packed_${level}.cc APPEND PROPERTY COMPILE_OPTIONS ${flags_${level}})
  endforeach()
endif()
