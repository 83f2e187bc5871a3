/* One semihosting call: the operation and its parameter block. */
#ifndef THIMBLE_SEMIHOST_H
#define THIMBLE_SEMIHOST_H
int semihost_call(int operation, const void *block);
#endif
