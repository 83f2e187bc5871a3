/* Marks the region whose instructions are counted. LUI with rd = x0 is a HINT that no compiler emits. */
#ifndef THIMBLE_BOARD_COUNT_H
#define THIMBLE_BOARD_COUNT_H
#include <stdint.h>
/* What board_ticks() counts in: mcycle, its lower half. */
static const uint32_t board_tick_mask = 0xFFFFFFFFu;
static inline void board_count_begin(void) { __asm volatile(".word 0x0b461037" ::: "memory"); }
static inline void board_count_end(void) { __asm volatile(".word 0x0e4d0037" ::: "memory"); }
#endif
