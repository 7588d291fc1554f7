# The part of a toolchain file that all Cortex-M boards share. The toolchain file sets before:
#   board_core_flags     what tells the compiler the core
#   board_machine        a machine of qemu-system-arm, and its memory map and clock:
#   board_vectors board_flash board_flash_size board_ram board_ram_size board_clock_hz
#
# A program adds ${MOTE_BOARD_SOURCES}, which are C, to its own sources.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_CXX_COMPILER arm-none-eabi-g++)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY) # a program would need the board

set(_board ${CMAKE_CURRENT_LIST_DIR}/../board)
set(MOTE_BOARD_SOURCES ${_board}/cortexm.c ${_board}/start.c ${_board}/syscalls.c)

set(CMAKE_C_FLAGS_INIT "-mthumb ${board_core_flags} -ffunction-sections -fdata-sections")
set(CMAKE_CXX_FLAGS_INIT "${CMAKE_C_FLAGS_INIT} -fno-exceptions -fno-rtti")
string(CONCAT CMAKE_EXE_LINKER_FLAGS_INIT
  "-nostartfiles -Wl,--gc-sections -Wl,--no-warn-rwx-segments -T \"${_board}/board.ld\""
  " -Wl,--defsym=__vectors=${board_vectors}"
  " -Wl,--defsym=__flash=${board_flash} -Wl,--defsym=__flash_size=${board_flash_size}"
  " -Wl,--defsym=__ram=${board_ram} -Wl,--defsym=__ram_size=${board_ram_size}"
  " -Wl,--defsym=__clock_hz=${board_clock_hz}")

set(CMAKE_CROSSCOMPILING_EMULATOR
  qemu-system-arm -M ${board_machine} -display none -monitor none -serial none
  -semihosting-config enable=on,target=native -kernel)
