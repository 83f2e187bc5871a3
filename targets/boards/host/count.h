/* Marks the region whose instructions are counted. Nothing is counted on the host. */
#ifndef THIMBLE_BOARD_COUNT_H
#define THIMBLE_BOARD_COUNT_H
#include <stdint.h>
/* What board_ticks() counts in: There is no timer. */
static const uint32_t board_tick_mask = 0u;
static inline void board_count_begin(void) { __asm volatile("" ::: "memory"); }
static inline void board_count_end(void) { __asm volatile("" ::: "memory"); }
#endif
