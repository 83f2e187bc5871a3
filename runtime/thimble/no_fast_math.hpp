// Every generated file includes this: under -ffast-math the float layers would not compute what the model says.
#pragma once

#ifdef __FAST_MATH__
#error "thimble: -ffast-math breaks rounding and tests for NaN. Remove it from the flags of this file."
#endif
