# cmake -DNM=nm -DOBJECTS=files -P: fails if a level of the packed kernels defines a function that other files may define too.
# The linker keeps one copy of such a function, and it could be one that this processor cannot run.
foreach(object ${OBJECTS})
  execute_process(COMMAND ${NM} -C ${object} OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCHALL "[^\n]* W [^\n]*" shared "${symbols}")
  if(shared)
    string(REPLACE ";" "\n" shared "${shared}")
    message(SEND_ERROR "${object} defines for all:\n${shared}")
  endif()
endforeach()
if(NOT OBJECTS)
  message(FATAL_ERROR "no objects to look at")
endif()
