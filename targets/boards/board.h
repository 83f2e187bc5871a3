/* What a test firmware needs of a board: files on the host, text, an exit status, a counted region, the stack's high-water mark. */
#ifndef THIMBLE_BOARD_H
#define THIMBLE_BOARD_H
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

/* Files, relative to the working directory of QEMU (or of the program on the host). A failure ends the run with status 97. */
typedef struct { int handle; } board_file;
board_file board_open_read(const char *path);
board_file board_open_write(const char *path);
void board_read(board_file file, void *to, size_t bytes);
void board_write(board_file file, const void *from, size_t bytes);
void board_close(board_file file);

void board_print(const char *text);
void board_print_number(const char *name, uint32_t value); /* "name=value\n" */
void board_exit(int status) __attribute__((noreturn));

/* The counted region is marked by board_count_begin() and board_count_end() of the board's count.h: single instructions without effect that the
   QEMU plugin knows; it counts what executes strictly between them. */

/* Ticks of the core's timer, modulo board_tick_mask + 1 of count.h. Under -icount shift=0 a tick is a fixed number of instructions, a fact of
   the target's row. */
uint32_t board_ticks(void);

/* Fills the free stack with a pattern; afterwards board_stack_used gives the bytes used below the caller of board_stack_paint. */
void board_stack_paint(void);
uint32_t board_stack_used(void);

#ifdef __cplusplus
}
#endif
#endif
