# A 32-bit RISC-V core with vectors (V 1.0) of 128 bits, run on the emulated machine "virt".
set(board_core_flags "-march=rv32gcv -mabi=ilp32d")
set(board_link_flags "-march=rv32imafdc -mabi=ilp32d")
set(board_bits 32)
set(board_cpu rv32,v=true,vext_spec=v1.0,elen=64,vlen=128)
set(MOTE_EMULATOR_VLENS 128 256 512) # other lengths that tests put in the place of 128
include(${CMAKE_CURRENT_LIST_DIR}/board-riscv.cmake)
