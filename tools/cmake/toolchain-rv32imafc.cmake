# A 32-bit RISC-V core with single-precision FPU, run on the emulated machine "virt".
#
# A program adds ${MOTE_BOARD_SOURCES}, which are C, to its own sources.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR riscv32)
set(CMAKE_C_COMPILER riscv64-unknown-elf-gcc)
# Not g++, which would link libstdc++; the toolchain has none, nor its headers.
set(CMAKE_CXX_COMPILER riscv64-unknown-elf-gcc)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY) # a program would need the board

set(_board ${CMAKE_CURRENT_LIST_DIR}/../board)
set(MOTE_BOARD_SOURCES ${_board}/riscv.c ${_board}/start.c ${_board}/syscalls.c)

string(CONCAT CMAKE_C_FLAGS_INIT
  "--specs=picolibc.specs -march=rv32imafc -mabi=ilp32f -mcmodel=medany"
  " -ffunction-sections -fdata-sections")
set(CMAKE_CXX_FLAGS_INIT "${CMAKE_C_FLAGS_INIT} -fno-exceptions -fno-rtti")
set(CMAKE_C_STANDARD_LIBRARIES_INIT -lm)
set(CMAKE_CXX_STANDARD_LIBRARIES_INIT -lm)
# The first 256 bytes of the flash are the reset code's.
string(CONCAT CMAKE_EXE_LINKER_FLAGS_INIT
  "-nostartfiles -Wl,--gc-sections -Wl,--no-warn-rwx-segments -T \"${_board}/board.ld\""
  " -Wl,--defsym=__vectors=0x80000000"
  " -Wl,--defsym=__flash=0x80000100 -Wl,--defsym=__flash_size=0x3fff00"
  " -Wl,--defsym=__ram=0x80400000 -Wl,--defsym=__ram_size=0x400000")

set(CMAKE_CROSSCOMPILING_EMULATOR
  qemu-system-riscv32 -M virt -m 16M -bios none -cpu rv32,d=false
  -display none -monitor none -serial none
  -semihosting-config enable=on,target=native -kernel)
