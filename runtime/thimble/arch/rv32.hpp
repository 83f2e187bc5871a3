// Whether the assembly for RV32IMC is used.
#pragma once

#if defined(__riscv) && __riscv_xlen == 32 && !defined(__riscv_32e) && defined(__riscv_compressed) && \
    defined(__riscv_mul)
#define THIMBLE_RV32_ASSEMBLY 1
#else
#define THIMBLE_RV32_ASSEMBLY 0
#endif
