/* What the bench tells the reference of one dump: numbers that structpage found out, and where in the file the pages are. */
#ifndef JOB_H
#define JOB_H
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS(X)                                                                                          \
  X(size) X(flags) X(compound) X(mapcount) X(refcount) X(priv) X(mapping) X(index) X(slab_cache)             \
  X(head_mask) X(slab_mask) X(order_byte) X(base) X(typed_below) X(buddy) X(slab) X(hugetlb)                 \
  X(huge_by) X(huge_at) X(huge_value) X(movable) X(mask_tails) X(by_byte)                                    \
  X(node_shift) X(node_width) X(zone_shift) X(zone_width) X(flag_bits) X(tail_bits) X(reserved)              \
  X(rules) X(type_rules) X(names) X(zone_names) X(extents) X(filter)

struct rule { int32_t bit, to, kinds, types, with, without, places; };
struct type_rule { int32_t mask, value, code; };
struct extent { uint64_t offset, pfn, pages; };

struct job {
#define X(name) int64_t name;
  FIELDS(X)
#undef X
  struct rule rule[32];
  struct type_rule type_rule[32];
  uint8_t type_of_byte[256], may_be_movable[256];
  char type_name[256][24], zone_name[8][24];
  struct extent *extent;
};

static inline void read_job(const char *path, struct job *job) {
  FILE *f = fopen(path, "r");
  if (!f) { perror(path); exit(1); }
  char key[32];
  while (fscanf(f, "%31s", key) == 1) {
    int64_t value = 0;
    if (!strcmp(key, "rule:")) {
      for (int i = 0; i < job->rules; i++) {
        struct rule *r = &job->rule[i];
        if (fscanf(f, "%d %d %d %d %d %d %d", &r->bit, &r->to, &r->kinds, &r->types, &r->with, &r->without, &r->places) != 7) exit(1);
      }
    } else if (!strcmp(key, "type:")) {
      for (int i = 0; i < job->type_rules; i++) {
        struct type_rule *r = &job->type_rule[i];
        if (fscanf(f, "%d %d %d", &r->mask, &r->value, &r->code) != 3) exit(1);
      }
    } else if (!strcmp(key, "bytes:")) {
      for (int i = 0; i < 256; i++) if (fscanf(f, "%hhu", &job->type_of_byte[i]) != 1) exit(1);
    } else if (!strcmp(key, "movables:")) {
      for (int i = 0; i < 256; i++) if (fscanf(f, "%hhu", &job->may_be_movable[i]) != 1) exit(1);
    } else if (!strcmp(key, "name:")) {
      for (int i = 0; i < job->names; i++) if (fscanf(f, "%23s", job->type_name[i]) != 1) exit(1);
      job->type_name[0][0] = 0;
    } else if (!strcmp(key, "zone:")) {
      for (int i = 0; i < job->zone_names; i++) if (fscanf(f, "%23s", job->zone_name[i]) != 1) exit(1);
    } else if (!strcmp(key, "extent:")) {
      job->extent = calloc(job->extents, sizeof *job->extent);
      for (int i = 0; i < job->extents; i++) {
        struct extent *e = &job->extent[i];
        if (fscanf(f, "%lu %lu %lu", &e->offset, &e->pfn, &e->pages) != 3) exit(1);
      }
    } else if (fscanf(f, "%ld", &value) != 1) {
      exit(1);
    }
#define X(name) if (!strcmp(key, #name)) job->name = value;
    FIELDS(X)
#undef X
  }
  fclose(f);
}
#endif
