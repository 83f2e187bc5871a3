/* Vectors, memory initialisation and semihosting for Cortex-M under QEMU (mps2-an385, an386, an500, an505, mps3-an547). */
#include <stdint.h>

#include "board.h"
#include "semihost.h"

extern uint32_t __stack_top[], __data_load[], __data_start[], __data_end[], __bss_start[], __bss_end[];
int main(void);
void Reset_Handler(void);

#define REGISTER(address) (*(volatile uint32_t *)(address))

static void Fault_Handler(void) {
  board_print("fault\n");
  board_print_number("cfsr", REGISTER(0xE000ED28));
  board_print_number("bfar", REGISTER(0xE000ED38));
  board_exit(99);
}

__attribute__((section(".vectors"), used)) static void *const vectors[16] = {
    __stack_top,           (void *)Reset_Handler, (void *)Fault_Handler, (void *)Fault_Handler, (void *)Fault_Handler, (void *)Fault_Handler,
    (void *)Fault_Handler, (void *)Fault_Handler, 0, 0, 0, (void *)Fault_Handler, (void *)Fault_Handler, 0, (void *)Fault_Handler, (void *)Fault_Handler};

__attribute__((noreturn)) void Reset_Handler(void) {
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
  REGISTER(0xE000ED88) |= 0xFu << 20; /* CPACR: full access to the FPU and Helium */
  __asm volatile("dsb\n isb" ::: "memory");
#endif
#if defined(__ARM_FEATURE_MVE)
  REGISTER(0xE000ED14) |= 1u << 19; /* CCR.LOB: low-overhead branches */
  __asm volatile("dsb\n isb" ::: "memory");
#endif
#if defined(__ARM_ARCH_6M__)
  REGISTER(0xE000ED14) |= 1u << 3; /* CCR.UNALIGN_TRP: ARMv6-M faults on unaligned words; the machine it runs on here does not by itself */
#endif
  const uint32_t *from = __data_load;
  for (uint32_t *to = __data_start; to < __data_end;) *to++ = *from++;
  for (uint32_t *to = __bss_start; to < __bss_end;) *to++ = 0;
  REGISTER(0xE000E014) = 0x00FFFFFF; /* SysTick: reload, then run without interrupt from the core's clock */
  REGISTER(0xE000E018) = 0;
  REGISTER(0xE000E010) = 5;
  board_exit(main());
}

int semihost_call(int operation, const void *block) {
  register int r0 __asm("r0") = operation;
  register const void *r1 __asm("r1") = block;
  __asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

uint32_t board_ticks(void) { return 0x00FFFFFF - REGISTER(0xE000E018); }
