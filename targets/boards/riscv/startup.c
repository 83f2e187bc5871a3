/* Reset, memory initialisation and semihosting for RV32 on QEMU's virt machine. */
#include <stdint.h>

#include "board.h"
#include "semihost.h"

extern uint32_t __data_load[], __data_start[], __data_end[], __bss_start[], __bss_end[];
int main(void);

/* RV32IMC alone has no CSR instructions for the assembler: they are an extension of their own. */
#define CSR(text) ".option push\n .option arch, +zicsr\n " text "\n .option pop"

__attribute__((naked, aligned(4))) static void trap_entry(void) { __asm volatile("la sp, __stack_top\n j board_trap"); }

__attribute__((used)) void board_trap(void) {
  uint32_t cause, address;
  __asm volatile(CSR("csrr %0, mcause") : "=r"(cause));
  __asm volatile(CSR("csrr %0, mtval") : "=r"(address));
  board_print("trap\n");
  board_print_number("mcause", cause);
  board_print_number("mtval", address);
  board_exit(99);
}

__attribute__((used)) void board_start(void) {
  __asm volatile(CSR("csrw mtvec, %0") ::"r"(trap_entry));
  const uint32_t *from = __data_load;
  for (uint32_t *to = __data_start; to < __data_end;) *to++ = *from++;
  for (uint32_t *to = __bss_start; to < __bss_end;) *to++ = 0;
  board_exit(main());
}

__attribute__((naked, section(".vectors"), used)) void Reset_Handler(void) {
  __asm volatile(".option push\n .option norelax\n la gp, __global_pointer$\n .option pop\n la sp, __stack_top\n j board_start");
}

/* The three-instruction sequence of the RISC-V semihosting specification: uncompressed, inside one page. */
__attribute__((naked, noinline, aligned(16))) int semihost_call(int operation, const void *block) {
  (void)operation;
  (void)block;
  __asm volatile(".option push\n .option norvc\n slli x0, x0, 0x1f\n ebreak\n srai x0, x0, 7\n .option pop\n ret");
}

uint32_t board_ticks(void) {
  uint32_t n;
  __asm volatile(CSR("csrr %0, mcycle") : "=r"(n));
  return n;
}
