# Cortex-M55 with MVE for integers and floats, run on the emulated MPS3 board with image AN547.
set(board_core_flags "-mcpu=cortex-m55 -mfloat-abi=hard")
set(board_machine mps3-an547)
set(board_clock_hz 32000000)
# The vector table is in ITCM; DDR memory takes the place of flash.
set(board_vectors 0x0)
set(board_flash 0x70000000)
set(board_flash_size 0x400000)
set(board_ram 0x31000000)
set(board_ram_size 0x400000)
include(${CMAKE_CURRENT_LIST_DIR}/board-cortex-m.cmake)
