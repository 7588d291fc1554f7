# A 64-bit RISC-V core with vectors (V 1.0) of 128 bits, run on the emulated machine "virt".
set(board_core_flags "-march=rv64gcv -mabi=lp64d")
set(board_link_flags "-march=rv64imafdc -mabi=lp64d")
set(board_bits 64)
set(board_cpu rv64,v=true,vext_spec=v1.0,elen=64,vlen=128)
set(MOTE_EMULATOR_VLENS 128 256 512) # other lengths that tests put in the place of 128
include(${CMAKE_CURRENT_LIST_DIR}/board-riscv.cmake)
