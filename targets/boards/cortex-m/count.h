/* Marks the region whose instructions are counted. A move of a register to itself, which no compiler emits. */
#ifndef THIMBLE_BOARD_COUNT_H
#define THIMBLE_BOARD_COUNT_H
#include <stdint.h>
/* What board_ticks() counts in: SysTick has 24 bits. */
static const uint32_t board_tick_mask = 0x00FFFFFFu;
static inline void board_count_begin(void) { __asm volatile("mov r11, r11" ::: "memory"); }
static inline void board_count_end(void) { __asm volatile("mov r12, r12" ::: "memory"); }
#endif
