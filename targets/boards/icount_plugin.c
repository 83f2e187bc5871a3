/* QEMU plugin: counts the guest instructions executed between two marker instructions (count.h of the boards). Exact and deterministic.
   The few prototypes of QEMU's plugin interface that it uses are declared here, for Debian ships no header of it.
   Arguments: out=FILE, one line a region: its instructions in decimal. Markers are not counted. */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info;
extern void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, void (*callback)(uint64_t id, struct qemu_plugin_tb *block));
extern void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *, void (*callback)(unsigned cpu, void *data), int flags, void *data);
extern void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *, int operation, void *counter, uint64_t value);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t index);
extern const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *);
extern size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *);

#define EXPORT __attribute__((visibility("default")))
EXPORT int qemu_plugin_version = 1;

static uint64_t executed, at_begin;
static bool counting;
static FILE *out;

static void on_begin(unsigned cpu, void *data) {
  (void)cpu;
  (void)data;
  at_begin = executed;
  counting = true;
}

static void on_end(unsigned cpu, void *data) {
  (void)cpu;
  (void)data;
  if (!counting) return;
  counting = false;
  fprintf(out, "%" PRIu64 "\n", executed - at_begin);
  fflush(out);
}

static bool is(const struct qemu_plugin_insn *instruction, uint32_t arm, uint32_t riscv) {
  uint32_t word = 0;
  const size_t size = qemu_plugin_insn_size(instruction);
  memcpy(&word, qemu_plugin_insn_data(instruction), size < 4 ? size : 4);
  return size == 2 ? word == arm : word == riscv;
}

static void on_block(uint64_t id, struct qemu_plugin_tb *block) {
  (void)id;
  for (size_t i = 0, n = qemu_plugin_tb_n_insns(block); i < n; i++) {
    struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
    if (is(instruction, 0x46DB, 0x0B461037))
      qemu_plugin_register_vcpu_insn_exec_cb(instruction, on_begin, 0, NULL);
    else if (is(instruction, 0x46E4, 0x0E4D0037))
      qemu_plugin_register_vcpu_insn_exec_cb(instruction, on_end, 0, NULL);
    else /* one inline add an instruction, so that a block left early is counted right */
      qemu_plugin_register_vcpu_insn_exec_inline(instruction, 0, &executed, 1);
  }
}

EXPORT int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc, char **argv) {
  (void)info;
  for (int i = 0; i < argc; i++)
    if (!strncmp(argv[i], "out=", 4)) out = fopen(argv[i] + 4, "w");
  if (!out) {
    fprintf(stderr, "icount plugin: give out=FILE, a file that can be written\n");
    return -1;
  }
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_block);
  return 0;
}
