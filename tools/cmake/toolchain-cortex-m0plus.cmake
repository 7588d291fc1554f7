# Cortex-M0+, run on the emulated MPS2 board with image AN385, whose core is a Cortex-M3.
set(board_core_flags "-mcpu=cortex-m0plus")
set(board_machine mps2-an385)
set(board_clock_hz 25000000)
# The first 256 bytes of the flash are the vector table's.
set(board_vectors 0x0)
set(board_flash 0x100)
set(board_flash_size 0x3fff00)
set(board_ram 0x20000000)
set(board_ram_size 0x400000)
include(${CMAKE_CURRENT_LIST_DIR}/board-cortex-m.cmake)
