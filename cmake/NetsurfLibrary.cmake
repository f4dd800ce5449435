# netsurf_library(folder [more folders] LINK targets...): every .cc of the folders, as one static library named after the
# first folder (engine/base -> netsurf_engine_base). A file added to a folder is built without editing a list.
function(netsurf_library folder)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LINK")
  string(REPLACE "/" "_" name ${folder})
  set(patterns)
  foreach(each ${folder} ${arg_UNPARSED_ARGUMENTS})
    list(APPEND patterns ${CMAKE_SOURCE_DIR}/${each}/*.cc)
  endforeach()
  file(GLOB sources CONFIGURE_DEPENDS ${patterns})
  list(REMOVE_ITEM sources ${CMAKE_SOURCE_DIR}/apps/main.cc)
  if(NOT sources)
    add_library(netsurf_${name} INTERFACE)
    return()
  endif()
  add_library(netsurf_${name} STATIC ${sources})
  target_link_libraries(netsurf_${name} PUBLIC netsurf_options ${arg_LINK})
endfunction()

# netsurf_cuda_library(folder LINK targets...): the same for a folder of .cu and .cc files, where CUDA is compiled.
# --fmad=false: no contraction (see NetsurfOptions). The plain .cc files see the runtime's headers, no other folder does.
function(netsurf_cuda_library folder)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LINK")
  string(REPLACE "/" "_" name ${folder})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.cc ${CMAKE_SOURCE_DIR}/${folder}/*.cu)
  list(FILTER sources EXCLUDE REGEX "/without_cuda\\.cc$")
  add_library(netsurf_${name} STATIC ${sources})
  target_include_directories(netsurf_${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_compile_options(netsurf_${name} PRIVATE "$<$<COMPILE_LANGUAGE:CUDA>:${netsurf_nvcc_options}>"
    "$<$<COMPILE_LANGUAGE:CXX>:$<TARGET_PROPERTY:netsurf_options,INTERFACE_COMPILE_OPTIONS>>")
  target_link_libraries(netsurf_${name} PUBLIC ${arg_LINK})
endfunction()
