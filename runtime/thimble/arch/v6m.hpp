// Whether the assembly for ARMv6-M is used.
#pragma once

// It needs r7, which is the frame pointer without optimisation.
#if defined(__ARM_ARCH_6M__) && defined(__OPTIMIZE__)
#define THIMBLE_V6M_ASSEMBLY 1
#else
#define THIMBLE_V6M_ASSEMBLY 0
#endif
