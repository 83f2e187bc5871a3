/* Marks the region whose instructions are counted. Nothing is counted on the host. */
#ifndef THIMBLE_BOARD_COUNT_H
#define THIMBLE_BOARD_COUNT_H
static inline void board_count_begin(void) { __asm volatile("" ::: "memory"); }
static inline void board_count_end(void) { __asm volatile("" ::: "memory"); }
#endif
