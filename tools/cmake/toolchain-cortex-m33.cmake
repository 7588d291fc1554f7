# Cortex-M33 with DSP instructions and single-precision FPU, run on the emulated MPS2 board with
# image AN505.
set(board_core_flags "-mcpu=cortex-m33 -mfpu=fpv5-sp-d16 -mfloat-abi=hard")
set(board_machine mps2-an505)
set(board_clock_hz 20000000)
# The first 256 bytes of the flash are the vector table's.
set(board_vectors 0x10000000)
set(board_flash 0x10000100)
set(board_flash_size 0x3fff00)
set(board_ram 0x38000000)
set(board_ram_size 0x400000)
include(${CMAKE_CURRENT_LIST_DIR}/board-cortex-m.cmake)
