# A 32-bit RISC-V core with single-precision FPU, run on the emulated machine "virt".
set(board_core_flags "-march=rv32imafc -mabi=ilp32f")
set(board_bits 32)
set(board_cpu rv32,d=false)
include(${CMAKE_CURRENT_LIST_DIR}/board-riscv.cmake)
