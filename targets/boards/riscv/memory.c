/* memcpy and memset for toolchains without a C library. */
#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes) {
  char *t = to;
  for (const char *f = from, *end = f + bytes; f != end;) *t++ = *f++;
  return to;
}

void *memset(void *to, int value, size_t bytes) {
  for (char *t = to, *end = t + bytes; t != end;) *t++ = (char)value;
  return to;
}
