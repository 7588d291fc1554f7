# The part of a toolchain file that all RISC-V cores share. The toolchain file sets before:
#   board_core_flags   what tells the compiler the core
#   board_bits         32 or 64
#   board_cpu          what QEMU's -cpu takes
#   board_link_flags   for cores with vectors only: the core without them. Debian's GCC 12 knows no
#                      vectors: clang compiles, and GCC links
#
# A program adds ${MOTE_BOARD_SOURCES}, which are C, to its own sources.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR riscv${board_bits})
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY) # a program would need the board

set(_board ${CMAKE_CURRENT_LIST_DIR}/../board)
set(MOTE_BOARD_SOURCES ${_board}/riscv.c ${_board}/start.c ${_board}/syscalls.c)

set(_flags "${board_core_flags} -mcmodel=medany -ffunction-sections -fdata-sections")
if(board_link_flags)
  set(CMAKE_C_COMPILER clang-19)
  set(CMAKE_CXX_COMPILER clang++-19)
  # GNU ld 2.40 cannot read clang's DWARF 5.
  string(PREPEND _flags "--target=riscv${board_bits}-unknown-elf "
    "-isystem /usr/lib/picolibc/riscv64-unknown-elf/include "
    "-ftls-model=local-exec -fdebug-default-version=4 ")
  foreach(language C CXX)
    set(CMAKE_${language}_LINK_EXECUTABLE
      "riscv64-unknown-elf-gcc --specs=picolibc.specs -mcmodel=medany ${board_link_flags} \
<LINK_FLAGS> <OBJECTS> -o <TARGET> <LINK_LIBRARIES>")
  endforeach()
else()
  set(CMAKE_C_COMPILER riscv64-unknown-elf-gcc)
  # Not g++, which would link libstdc++; the toolchain has none, nor its headers.
  set(CMAKE_CXX_COMPILER riscv64-unknown-elf-gcc)
  string(PREPEND _flags "--specs=picolibc.specs ")
endif()
set(CMAKE_C_FLAGS_INIT "${_flags}")
set(CMAKE_CXX_FLAGS_INIT "${_flags} -fno-exceptions -fno-rtti")
set(CMAKE_C_STANDARD_LIBRARIES_INIT -lm)
set(CMAKE_CXX_STANDARD_LIBRARIES_INIT -lm)
# The first 256 bytes of the flash are the reset code's.
string(CONCAT CMAKE_EXE_LINKER_FLAGS_INIT
  "-nostartfiles -Wl,--gc-sections -Wl,--no-warn-rwx-segments -T \"${_board}/board.ld\""
  " -Wl,--defsym=__vectors=0x80000000"
  " -Wl,--defsym=__flash=0x80000100 -Wl,--defsym=__flash_size=0x3fff00"
  " -Wl,--defsym=__ram=0x80400000 -Wl,--defsym=__ram_size=0x400000")

set(CMAKE_CROSSCOMPILING_EMULATOR
  qemu-system-riscv${board_bits} -M virt -m 16M -bios none -cpu ${board_cpu}
  -display none -monitor none -serial none
  -semihosting-config enable=on,target=native -kernel)
