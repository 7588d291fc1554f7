# mote_add_model(): compiles an ONNX model when the project is built.
#
#   mote_add_model(<target> MODEL <file.onnx>
#                  [TARGET <core>]              default: host; `motec targets` lists them
#                  [NAME <identifier>]          prefix of the emitted functions; default: <target>
#                  [OPTIMIZE speed|balanced|ram|flash]
#                  [ARENA_LIMIT <bytes>]        with suffix K or M; the build fails when it is exceeded
#                  [FLASH_LIMIT <bytes>]
#                  [MEMORY <name>=<bytes> …]    memories for the arena's parts, the fastest first
#                  [IO float|quantized]         quantized: integers where the model quantizes
#                  [IO_LAYOUT model|nhwc]       nhwc: images channels last
#                  [STREAM_INPUT <input>]       its rows are handed over one by one
#                  [STREAM_TIME <input>[=<n>]]  each call takes its n newest frames
#                  [QUANTIZE int8 CALIBRATION <data>]
#                  [INPUT_SHAPE <input>=<d0,d1,…> …]
#                  [STATE <input>=<output> …]
#                  [EMIT_TEST <data>]           also writes <NAME>_test.cpp, named by the target's
#                                               property MOTE_TEST_SOURCE
#                  [REPORT <file.json>])
#
# makes a static library <target>. Link it and include "<NAME>.h":
#
#   mote_add_model(kws MODEL kws.onnx TARGET cortex-m4)
#   target_link_libraries(firmware PRIVATE kws)
#
# Models that never run at the same time need one arena only, as large as that of the largest:
#
#   alignas(16) uint8_t arena[MOTE_ARENA_MAX(KWS_ARENA_BYTES, VWW_ARENA_BYTES)];
#
# The sources are generated at build time, again whenever the model or motec changes. motec runs on
# the building machine: while cross-compiling it is that of an installed mote (find_package), or the
# one named by MOTE_COMPILER.

include_guard(GLOBAL)

# The command that runs motec, in `out`; a target's name also makes generated files depend on it.
function(_mote_find_compiler out)
  if(MOTE_COMPILER)
    set(${out} ${MOTE_COMPILER} PARENT_SCOPE)
  elseif(TARGET mote::compiler)
    set(${out} mote::compiler PARENT_SCOPE)
  else()
    find_program(MOTE_COMPILER motec)
    if(NOT MOTE_COMPILER)
      message(FATAL_ERROR "mote_add_model: motec was not found. Build and install mote for this "
                          "machine first, or set MOTE_COMPILER to the path of motec.")
    endif()
    set(${out} ${MOTE_COMPILER} PARENT_SCOPE)
  endif()
endfunction()

function(mote_add_model target)
  set(values MODEL TARGET NAME OPTIMIZE ARENA_LIMIT FLASH_LIMIT IO IO_LAYOUT QUANTIZE CALIBRATION
             STREAM_INPUT STREAM_TIME EMIT_TEST REPORT)
  set(lists INPUT_SHAPE MEMORY STATE)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "${values}" "${lists}")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "mote_add_model(${target}): unknown arguments: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT arg_MODEL)
    message(FATAL_ERROR "mote_add_model(${target}): MODEL is missing; it names the .onnx file")
  endif()
  cmake_path(ABSOLUTE_PATH arg_MODEL NORMALIZE OUTPUT_VARIABLE model)
  if(NOT EXISTS "${model}")
    message(FATAL_ERROR "mote_add_model(${target}): there is no model ${model}")
  endif()
  if(NOT arg_NAME)
    set(arg_NAME ${target})
  endif()
  if(NOT arg_TARGET)
    set(arg_TARGET host)
  endif()

  _mote_find_compiler(motec)
  set(dir ${CMAKE_CURRENT_BINARY_DIR}/${target}.mote)
  set(sources ${dir}/${arg_NAME}.cpp ${dir}/${arg_NAME}_weights.cpp)
  set(outputs ${sources} ${dir}/${arg_NAME}.h)
  set(options --name ${arg_NAME} --target ${arg_TARGET} --depfile ${dir}/${arg_NAME}.d)
  foreach(option OPTIMIZE ARENA_LIMIT FLASH_LIMIT IO IO_LAYOUT STREAM_INPUT STREAM_TIME QUANTIZE)
    if(arg_${option})
      string(TOLOWER "--${option}" flag)
      string(REPLACE "_" "-" flag ${flag})
      list(APPEND options ${flag} ${arg_${option}})
    endif()
  endforeach()
  foreach(option CALIBRATION EMIT_TEST REPORT)
    if(arg_${option})
      cmake_path(ABSOLUTE_PATH arg_${option} NORMALIZE)
      string(TOLOWER "--${option}" flag)
      string(REPLACE "_" "-" flag ${flag})
      list(APPEND options ${flag} ${arg_${option}})
    endif()
  endforeach()
  if(arg_MEMORY)
    list(JOIN arg_MEMORY "," memories)
    list(APPEND options --memory ${memories})
  endif()
  foreach(shape IN LISTS arg_INPUT_SHAPE)
    list(APPEND options --input-shape ${shape})
  endforeach()
  foreach(pair IN LISTS arg_STATE)
    list(APPEND options --state ${pair})
  endforeach()
  if(arg_EMIT_TEST)
    list(APPEND outputs ${dir}/${arg_NAME}_test.cpp)
  endif()

  # motec leaves files alone that would not change; touching them tells the build that they are new.
  add_custom_command(
    OUTPUT ${outputs}
    COMMAND ${motec} compile ${model} -o ${dir} ${options}
    COMMAND ${CMAKE_COMMAND} -E touch ${outputs}
    DEPENDS ${model} ${motec}
    DEPFILE ${dir}/${arg_NAME}.d
    COMMENT "Compiling ${arg_MODEL} for ${arg_TARGET}"
    VERBATIM)
  add_library(${target} STATIC ${sources} ${dir}/${arg_NAME}.h)
  target_include_directories(${target} PUBLIC ${dir})
  target_compile_features(${target} PUBLIC cxx_std_17)
  if(arg_EMIT_TEST)
    set_target_properties(${target} PROPERTIES MOTE_TEST_SOURCE ${dir}/${arg_NAME}_test.cpp)
    add_custom_target(${target}_sources DEPENDS ${outputs})
    add_dependencies(${target} ${target}_sources)
  endif()
endfunction()
