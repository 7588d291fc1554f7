# A small 32-bit RISC-V core without FPU, run on the emulated machine "virt".
set(board_core_flags "-march=rv32imc -mabi=ilp32")
set(board_bits 32)
set(board_cpu rv32,a=false,f=false,d=false)
include(${CMAKE_CURRENT_LIST_DIR}/board-riscv.cmake)
