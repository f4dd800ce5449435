# Compile options that every target shares.
#
# -ffp-contract=off: a fused multiply-add rounds once where the definition rounds twice, and compilers fuse or not as they
# like; losses must have the same bits everywhere.
add_library(netsurf_options INTERFACE)
target_compile_options(netsurf_options INTERFACE -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -ffp-contract=off)
target_include_directories(netsurf_options INTERFACE ${CMAKE_SOURCE_DIR})
if(NETSURF_WARNINGS_AS_ERRORS)
  target_compile_options(netsurf_options INTERFACE -Werror)
endif()
if(NETSURF_SANITIZE)
  target_compile_options(netsurf_options INTERFACE -fsanitize=${NETSURF_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g1)
  target_link_options(netsurf_options INTERFACE -fsanitize=${NETSURF_SANITIZE})
  target_compile_definitions(netsurf_options INTERFACE NETSURF_SANITIZED)
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    # Instrumented code, the library's own <regex> included, makes g++ warn of uninitialized values that are not.
    target_compile_options(netsurf_options INTERFACE -Wno-maybe-uninitialized)
  endif()
endif()
if(NETSURF_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "NETSURF_FUZZ needs clang, found ${CMAKE_CXX_COMPILER_ID}; configure with CXX=clang++ (or run scripts/fuzz)")
  endif()
  # Coverage in the libraries: without it the fuzzer sees only its own file and mutates blindly. Not in the kernels, which
  # read no outside bytes, nor where a target declines it.
  set(declined "$<BOOL:$<TARGET_PROPERTY:NETSURF_NO_COVERAGE>>")
  set(kernels "$<IN_LIST:$<TARGET_PROPERTY:NAME>,netsurf_kernels_cpu;netsurf_kernels_floating>")
  target_compile_options(netsurf_options INTERFACE "$<$<NOT:$<OR:${declined},${kernels}>>:-fsanitize=fuzzer-no-link>")
  # The widest unrolled loops take clang minutes with all checks: here it checks addresses alone, by calls. The same loops
  # have every check in the narrower units.
  set_property(SOURCE ${CMAKE_SOURCE_DIR}/kernels/cpu/packed_avx512_vnni.cc APPEND PROPERTY COMPILE_OPTIONS
    -fno-sanitize=undefined -mllvm -asan-instrumentation-with-call-threshold=0)
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # A loop that was not unrolled as asked is slower, not wrong.
  target_compile_options(netsurf_options INTERFACE -Wno-pass-failed)
endif()
# GCC 12 sees overlapping copies in every `"text" + std::string` (GCC bug 105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  target_compile_options(netsurf_options INTERFACE -Wno-restrict)
endif()
