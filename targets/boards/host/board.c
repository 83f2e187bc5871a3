/* The board interface on the host: the C library's files, no counting. */
#include "board.h"

#include <stdio.h>
#include <stdlib.h>

static FILE *files[16];

static board_file open_file(const char *path, const char *mode) {
  for (int i = 0; i < 16; i++)
    if (!files[i]) {
      files[i] = fopen(path, mode);
      if (files[i]) return (board_file){i};
      break;
    }
  fprintf(stderr, "cannot open %s\n", path);
  exit(97);
}
board_file board_open_read(const char *path) { return open_file(path, "rb"); }
board_file board_open_write(const char *path) { return open_file(path, "wb"); }
void board_read(board_file file, void *to, size_t bytes) {
  if (fread(to, 1, bytes, files[file.handle]) == bytes) return;
  fprintf(stderr, "a file ended early\n");
  exit(97);
}
void board_write(board_file file, const void *from, size_t bytes) {
  if (fwrite(from, 1, bytes, files[file.handle]) == bytes) return;
  fprintf(stderr, "cannot write a file\n");
  exit(97);
}
void board_close(board_file file) {
  fclose(files[file.handle]);
  files[file.handle] = NULL;
}
void board_print(const char *text) { fputs(text, stdout); }
void board_print_number(const char *name, uint32_t value) { printf("%s=%u\n", name, (unsigned)value); }
void board_exit(int status) { exit(status); }
uint32_t board_ticks(void) { return 0; }
void board_stack_paint(void) {}
uint32_t board_stack_used(void) { return 0; }
