# cmake -DMOTEC=… -DSOURCE_DIR=… -P demo.cmake: the firmware part of tools/demo.sh.
set(work ${CMAKE_CURRENT_BINARY_DIR}/demo-test)
file(REMOVE_RECURSE ${work})
execute_process(
  COMMAND ${CMAKE_COMMAND} -S ${SOURCE_DIR}/tools/demo -B ${work} -G Ninja -DMOTE_COMPILER=${MOTEC}
          -DCMAKE_BUILD_TYPE=Release --toolchain ${SOURCE_DIR}/tools/cmake/toolchain-cortex-m4.cmake
  COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} --build ${work} --target run COMMAND_ERROR_IS_FATAL ANY)
