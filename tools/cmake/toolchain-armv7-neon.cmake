# 32-bit Arm Linux (Armv7-A with NEON), linked statically and run under qemu-user.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_C_COMPILER arm-linux-gnueabihf-gcc)
set(CMAKE_CXX_COMPILER arm-linux-gnueabihf-g++)

string(CONCAT CMAKE_C_FLAGS_INIT
  "-mcpu=cortex-a7 -mfpu=neon-vfpv4 -mfloat-abi=hard -ffunction-sections -fdata-sections")
set(CMAKE_CXX_FLAGS_INIT "${CMAKE_C_FLAGS_INIT}")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-static -Wl,--gc-sections")

set(MOTE_BOARD_SOURCES "") # Linux is the board.
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-arm -cpu cortex-a7)
