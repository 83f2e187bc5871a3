/* QEMU plugin: counts the guest instructions executed between two marker instructions (count.h of the boards), and how many of them are of a kind that
   takes some cores more than one cycle. Exact and deterministic. The few prototypes of QEMU's plugin interface that it uses are declared here, for Debian
   ships no header of it.
   Arguments: out=FILE, one line a region: its instructions, then one number for each of `enum kind`. Markers are not counted. */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct qemu_plugin_tb;
struct qemu_plugin_insn;
extern void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, void (*callback)(uint64_t id, struct qemu_plugin_tb *block));
extern void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *, void (*callback)(unsigned cpu, void *data), int flags, void *data);
extern uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *);
extern void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *, void (*callback)(unsigned cpu, void *data), int flags, void *data);
extern void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *, int operation, void *counter, uint64_t value);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t index);
extern const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *);
extern size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *);
extern uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);
struct qemu_info {
  const char *target_name; /* "arm", "riscv32" */
};

#define EXPORT __attribute__((visibility("default")))
EXPORT int qemu_plugin_version = 1;

/* In the order in which they are written; compiler/verify/cycles.hpp reads them. */
enum kind {
  PLAIN = -1,
  LOAD,
  LOAD_BEHIND_MEMORY, /* directly behind another load or store */
  STORE,
  FURTHER_WORD, /* of instructions that load or store several */
  MULTIPLY_ADD, /* MLA, MLS */
  MULTIPLY_LONG,
  DIVIDE,
  IF_THEN,         /* IT */
  VECTOR,          /* Helium */
  VECTOR_OVERLAPS, /* a Helium load or store beside Helium arithmetic, or that beside the former */
  LOOP_END,        /* LE, LETP */
  TAKEN,           /* branches, calls and returns that went elsewhere than on, but for LOOP_END */
  KINDS
};

/* A kind, and for the overlap whether it is a vector's load or store. */
struct meaning {
  enum kind kind;
  unsigned words; /* loaded or stored */
  bool vector_memory;
};

struct block {
  uint64_t begin, end;
  bool loops;
};

static uint64_t executed, at_begin, kinds[KINDS], kinds_at_begin[KINDS];
static bool counting, riscv;
static const struct block *last;
static FILE *out;

static void on_begin(unsigned cpu, void *data) {
  (void)cpu;
  (void)data;
  at_begin = executed;
  memcpy(kinds_at_begin, kinds, sizeof kinds);
  counting = true;
}

static void on_end(unsigned cpu, void *data) {
  (void)cpu;
  (void)data;
  if (!counting) return;
  counting = false;
  fprintf(out, "%" PRIu64, executed - at_begin);
  for (int k = 0; k < KINDS; k++) fprintf(out, " %" PRIu64, kinds[k] - kinds_at_begin[k]);
  fprintf(out, "\n");
  fflush(out);
}

/* A block that is not where the last one ended was branched to. */
static void on_block_run(unsigned cpu, void *data) {
  (void)cpu;
  const struct block *block = data;
  if (last && block->begin != last->end && !last->loops) kinds[TAKEN]++;
  last = block;
}

static unsigned ones(uint32_t bits) {
  unsigned n = 0;
  for (; bits; bits &= bits - 1) n++;
  return n;
}

static struct meaning memory(bool load, unsigned words) {
  return (struct meaning){load ? LOAD : STORE, words, false};
}

static struct meaning thumb16(uint32_t h) {
  static const struct meaning plain = {PLAIN, 0, false};
  if (h >> 11 == 0x09) return memory(true, 1);
  if (h >> 12 == 5) return memory((h >> 9 & 7) >= 3, 1);
  if (h >> 12 >= 6 && h >> 12 <= 9) return memory(h >> 11 & 1, 1);
  if ((h & 0xFE00) == 0xB400 || (h & 0xFE00) == 0xBC00) return memory(h >> 11 & 1, ones(h & 0x1FF));
  if (h >> 12 == 12) return memory(h >> 11 & 1, ones(h & 0xFF));
  if ((h & 0xFF00) == 0xBF00 && (h & 15)) return (struct meaning){IF_THEN, 0, false};
  return plain;
}

/* Coprocessors 10 and 11 are the FPU, 14 and 15 Helium. */
static struct meaning coprocessor_memory(uint32_t a, uint32_t b) {
  const bool load = a >> 4 & 1, single = (a >> 8 & 1) && !(a >> 5 & 1);
  const unsigned number = b >> 8 & 15;
  if (number >= 14) return (struct meaning){VECTOR, 0, true};
  if ((a & 0xFFE0) == 0xEC40) return (struct meaning){PLAIN, 0, false}; /* VMOV of two registers */
  return memory(load, single ? number - 9 : b & 0xFF);
}

static struct meaning thumb32(uint32_t a, uint32_t b) {
  const unsigned top = a >> 8, number = b >> 8 & 15;
  if ((a & 0xFE40) == 0xE800) return memory(a >> 4 & 1, ones(b));
  if ((a & 0xFE40) == 0xE840) return memory(a >> 4 & 1, (a & 0x120) ? 2 : 1); /* LDRD, STRD; TBB */
  if (top == 0xF8 || top == 0xF9) return memory(a >> 4 & 1, 1);
  if (top == 0xEC || top == 0xED || top == 0xFC || top == 0xFD) return coprocessor_memory(a, b);
  if (top == 0xEF || top == 0xFF || ((top == 0xEE || top == 0xFE) && number >= 14)) return (struct meaning){VECTOR, 0, false};
  if ((a & 0xFFF0) == 0xFB00 && b >> 12 != 15) return (struct meaning){MULTIPLY_ADD, 0, false};
  if ((a & 0xFF90) == 0xFB90 && (b >> 4 & 15) == 15) return (struct meaning){DIVIDE, 0, false};
  if ((a & 0xFF80) == 0xFB80) return (struct meaning){MULTIPLY_LONG, 0, false};
  if ((a & 0xFF8F) == 0xF00F && (b & 0xF001) == 0xC001) return (struct meaning){LOOP_END, 0, false};
  return (struct meaning){PLAIN, 0, false};
}

static struct meaning riscv_meaning(uint32_t word, size_t size) {
  const unsigned opcode = word & 0x7F, f3 = word >> 12 & 7;
  if (size == 2) {
    const unsigned quadrant = word & 3, c3 = word >> 13 & 7;
    if ((quadrant == 0 || quadrant == 2) && (c3 == 2 || c3 == 6)) return memory(c3 == 2, 1);
  } else if (opcode == 0x03 || opcode == 0x23) {
    return memory(opcode == 0x03, 1);
  } else if (opcode == 0x33 && word >> 25 == 1) {
    return (struct meaning){f3 >= 4 ? DIVIDE : f3 > 0 ? MULTIPLY_LONG : PLAIN, 0, false};
  }
  return (struct meaning){PLAIN, 0, false};
}

/* An instruction's bytes. QEMU appends what it reads behind the last Thumb instruction of a page to that, so the size follows from the first half. */
struct code {
  uint32_t word;
  size_t size;
};

static struct code code_of(const struct qemu_plugin_insn *instruction) {
  struct code code = {0, qemu_plugin_insn_size(instruction)};
  memcpy(&code.word, qemu_plugin_insn_data(instruction), code.size < 4 ? code.size : 4);
  if (riscv || code.size == 2) return code;
  code.size = (code.word & 0xFFFF) >> 11 >= 0x1D ? 4 : 2;
  if (code.size == 2) code.word &= 0xFFFF;
  return code;
}

static struct meaning meaning_of(const struct qemu_plugin_insn *instruction) {
  const struct code code = code_of(instruction);
  if (riscv) return riscv_meaning(code.word, code.size);
  return code.size == 2 ? thumb16(code.word) : thumb32(code.word & 0xFFFF, code.word >> 16);
}

static bool is_marker(const struct qemu_plugin_insn *instruction, uint32_t arm, uint32_t risc) {
  const struct code code = code_of(instruction);
  return code.word == (code.size == 2 ? arm : risc);
}

static bool touches_memory(struct meaning m) {
  return m.kind == LOAD || m.kind == STORE;
}

static void add(struct qemu_plugin_insn *instruction, uint64_t *counter, uint64_t n) {
  qemu_plugin_register_vcpu_insn_exec_inline(instruction, 0, counter, n);
}

/* Its kind depends on its neighbours in the block. */
static void count_kind(struct qemu_plugin_insn *instruction, struct meaning before, struct meaning m, struct meaning after) {
  enum kind kind = m.kind;
  if (kind == PLAIN) return;
  if (kind == LOAD && touches_memory(before)) kind = LOAD_BEHIND_MEMORY;
  if (kind == VECTOR && ((before.kind == VECTOR && before.vector_memory != m.vector_memory) ||
                         (after.kind == VECTOR && after.vector_memory != m.vector_memory)))
    kind = VECTOR_OVERLAPS;
  add(instruction, &kinds[kind], 1);
  if (m.words > 1) add(instruction, &kinds[FURTHER_WORD], m.words - 1);
}

static void on_block(uint64_t id, struct qemu_plugin_tb *tb) {
  (void)id;
  static const struct meaning none = {PLAIN, 0, false};
  const size_t n = qemu_plugin_tb_n_insns(tb);
  struct meaning before = none, now = n > 0 ? meaning_of(qemu_plugin_tb_get_insn(tb, 0)) : none;
  struct block *block = malloc(sizeof *block); /* as long as QEMU runs */
  if (n == 0 || !block) return;
  for (size_t i = 0; i < n; i++) {
    struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(tb, i);
    const struct meaning after = i + 1 < n ? meaning_of(qemu_plugin_tb_get_insn(tb, i + 1)) : none;
    if (is_marker(instruction, 0x46DB, 0x0B461037)) {
      qemu_plugin_register_vcpu_insn_exec_cb(instruction, on_begin, 0, NULL);
    } else if (is_marker(instruction, 0x46E4, 0x0E4D0037)) {
      qemu_plugin_register_vcpu_insn_exec_cb(instruction, on_end, 0, NULL);
    } else { /* inline adds an instruction, so that a block left early is counted right */
      add(instruction, &executed, 1);
      count_kind(instruction, before, now, after);
    }
    block->end = qemu_plugin_insn_vaddr(instruction) + code_of(instruction).size;
    block->loops = now.kind == LOOP_END;
    before = now;
    now = after;
  }
  block->begin = qemu_plugin_tb_vaddr(tb);
  qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block_run, 0, block);
}

EXPORT int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc, char **argv) {
  riscv = !strncmp(info->target_name, "riscv", 5);
  for (int i = 0; i < argc; i++)
    if (!strncmp(argv[i], "out=", 4)) out = fopen(argv[i] + 4, "w");
  if (!out) {
    fprintf(stderr, "icount plugin: give out=FILE, a file that can be written\n");
    return -1;
  }
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_block);
  return 0;
}
