/* Files, text and exit by semihosting, over semihost_call() of the board. Operations by the Arm semihosting specification. */
#include "board.h"
#include "semihost.h"

static size_t length_of(const char *text) {
  size_t n = 0;
  while (text[n]) n++;
  return n;
}

void board_print(const char *text) { semihost_call(0x04, text); }

void board_print_number(const char *name, uint32_t value) {
  static const uint32_t powers[] = {1000000000u, 100000000u, 10000000u, 1000000u, 100000u, 10000u, 1000u, 100u, 10u, 1u};
  char digits[12];
  int n = 0;
  for (int i = 0; i < 10; i++) { /* by subtraction: division is a library call on some cores, and would be counted as the model's */
    char d = '0';
    while (value >= powers[i]) {
      value -= powers[i];
      d++;
    }
    if (n > 0 || d != '0' || i == 9) digits[n++] = d;
  }
  digits[n++] = '\n';
  digits[n] = 0;
  board_print(name);
  board_print("=");
  board_print(digits);
}

void board_exit(int status) {
  uintptr_t block[2] = {0x20026u, (uintptr_t)status}; /* ADP_Stopped_ApplicationExit */
  semihost_call(0x20, block);
  for (;;) {
  }
}

static board_file open_file(const char *path, uintptr_t mode) {
  uintptr_t block[3] = {(uintptr_t)path, mode, length_of(path)};
  board_file file = {semihost_call(0x01, block)};
  if (file.handle < 0) {
    board_print("cannot open ");
    board_print(path);
    board_print("\n");
    board_exit(97);
  }
  return file;
}
board_file board_open_read(const char *path) { return open_file(path, 1); }
board_file board_open_write(const char *path) { return open_file(path, 5); }

void board_close(board_file file) {
  uintptr_t block[1] = {(uintptr_t)file.handle};
  semihost_call(0x02, block);
}

static void transfer(int operation, board_file file, uintptr_t at, size_t bytes) {
  uintptr_t block[3] = {(uintptr_t)file.handle, at, bytes};
  if (bytes > 0 && semihost_call(operation, block) != 0) { /* the bytes that were not transferred */
    board_print("a file ended early\n");
    board_exit(97);
  }
}
void board_read(board_file file, void *to, size_t bytes) { transfer(0x06, file, (uintptr_t)to, bytes); }
void board_write(board_file file, const void *from, size_t bytes) { transfer(0x05, file, (uintptr_t)from, bytes); }

extern uint32_t __stack_limit[], __stack_top[];
#define PATTERN 0xA5C3E1F7u
static uint32_t *painted_to;

__attribute__((noinline)) void board_stack_paint(void) {
  painted_to = (uint32_t *)__builtin_frame_address(0) - 4;
  for (volatile uint32_t *p = __stack_limit; p < painted_to; p++) *p = PATTERN;
}

uint32_t board_stack_used(void) {
  const volatile uint32_t *p = __stack_limit;
  while (p < painted_to && *p == PATTERN) p++;
  return (uint32_t)((uintptr_t)painted_to - (uintptr_t)p);
}
