// The hooks of the C library, newlib or picolibc: output and exit through semihosting, and a heap
// between .bss and the stack. There are no files and there is no input.
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "startup.h"

// newlib puts an underscore before the names of its hooks.
#ifdef __PICOLIBC__
#define MOTE_HOOK(name) name
#else
#define MOTE_HOOK(name) _##name
#endif

// The operations and constants of Arm's semihosting specification, which RISC-V adopted.
enum { kSysOpen = 0x01, kSysWrite0 = 0x04, kSysWrite = 0x05, kSysExitExtended = 0x20 };
enum { kOpenWrite = 4, kOpenAppend = 8 };  // of ":tt": standard output, standard error
enum { kApplicationExit = 0x20026 };

static long open_console(long mode) {
  static const char name[] = ":tt";
  const struct {
    const char* name;
    long mode, name_bytes;
  } block = {name, mode, sizeof name - 1};
  return board_semihost(kSysOpen, &block);
}

// Returns the number of bytes written.
static size_t write_console(int fd, const char* data, size_t bytes) {
  static long handles[2];  // standard output and error; 0: not open yet
  long* handle = &handles[fd == STDERR_FILENO];
  if (*handle == 0) *handle = open_console(fd == STDERR_FILENO ? kOpenAppend : kOpenWrite);
  const struct {
    long handle;
    const char* data;
    size_t bytes;
  } block = {*handle, data, bytes};
  return bytes - (size_t)board_semihost(kSysWrite, &block);
}

void board_write_error(const char* text) { board_semihost(kSysWrite0, text); }

static char* heap_end = __heap_start;

void* MOTE_HOOK(sbrk)(ptrdiff_t bytes) {
  if (bytes > __stack_limit - heap_end) {
    errno = ENOMEM;
    return (void*)-1;
  }
  char* old_end = heap_end;
  heap_end += bytes;
  return old_end;
}

// What abort() and a failed assert() need.
int MOTE_HOOK(getpid)(void) { return 1; }

int MOTE_HOOK(kill)(int pid, int signal) {
  (void)pid;
  _exit(128 + signal);
}

__attribute__((noreturn)) static void exit_emulator(int status) {
  const long block[2] = {kApplicationExit, status};
  for (;;) board_semihost(kSysExitExtended, block);
}

#ifdef __PICOLIBC__

// One call per line: a call costs the emulator microseconds.
static char line[256];
static size_t line_bytes;

static int flush_line(FILE* file) {
  (void)file;
  // After a stack overflow there may be anything here.
  if (line_bytes <= sizeof line) write_console(STDOUT_FILENO, line, line_bytes);
  line_bytes = 0;
  return 0;
}

static int put_output(char c, FILE* file) {
  line[line_bytes++] = c;
  if (c == '\n' || line_bytes == sizeof line) flush_line(file);
  return (unsigned char)c;
}

static int put_error(char c, FILE* file) {
  (void)file;
  write_console(STDERR_FILENO, &c, 1);
  return (unsigned char)c;
}

static FILE output = FDEV_SETUP_STREAM(put_output, NULL, flush_line, _FDEV_SETUP_WRITE);
static FILE error = FDEV_SETUP_STREAM(put_error, NULL, NULL, _FDEV_SETUP_WRITE);
FILE* const stdout = &output;
FILE* const stderr = &error;

void _exit(int status) {
  flush_line(&output);
  exit_emulator(status);
}

#else  // newlib, which buffers by itself and flushes in exit()

int _write(int fd, const char* data, int bytes) {
  return (int)write_console(fd, data, (size_t)bytes);
}

void _exit(int status) { exit_emulator(status); }

// A character device is buffered by line.
int _fstat(int fd, struct stat* status) {
  (void)fd;
  status->st_mode = S_IFCHR;
  return 0;
}

int _isatty(int fd) {
  (void)fd;
  return 1;
}

int _close(int fd) {
  (void)fd;
  return -1;
}

int _lseek(int fd, int offset, int whence) {
  (void)fd, (void)offset, (void)whence;
  return 0;
}

int _read(int fd, char* data, int bytes) {
  (void)fd, (void)data, (void)bytes;
  return 0;
}

// What exit() calls last; crti.o, which has it, is not linked.
void _fini(void) {}

#endif
