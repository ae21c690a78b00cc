/*
 * The same work as structpage's, in C, over the same file with the same I/O: pread in blocks of 1 MiB.
 *   reference summary|filter|gather|csv DUMP JOB [OUT]
 */
#define _GNU_SOURCE
#include "job.h"
#include <fcntl.h>
#include <unistd.h>

#define BLOCK 16384 /* struct pages: 1 MiB of them */
enum { PLAIN, TAIL, SECOND, FAKE_HEAD };

static struct job job;
static int fd;
static uint8_t *raw;
static uint64_t first, pages;

/* What the folio pass finds of a page. */
struct facts { uint8_t place, type, kind, free, order, unused; uint16_t cache; };
static struct facts facts[BLOCK];
static uint64_t heads[BLOCK];
static struct facts last;
static uint64_t last_head = -1;

static inline uint32_t u32(const uint8_t *p) { uint32_t v; memcpy(&v, p, 4); return v; }
static inline uint64_t u64(const uint8_t *p) { uint64_t v; memcpy(&v, p, 8); return v; }

static struct { uint64_t address; uint32_t code; } cache_slot[4096];
static uint32_t caches_known;
static uint16_t cache_of(uint64_t address) {
  if (!address) return 0;
  uint32_t slot = ((uint32_t)(address >> 6) * 0x9e3779b1u) >> 20;
  while (cache_slot[slot & 4095].address && cache_slot[slot & 4095].address != address) slot++;
  if (!cache_slot[slot & 4095].address) {
    cache_slot[slot & 4095].address = address;
    cache_slot[slot & 4095].code = ++caches_known;
  }
  return cache_slot[slot & 4095].code;
}

static inline int type_of(int32_t word) {
  if (word >= -1) return 0;
  if (job.by_byte) return word >= job.typed_below ? 0 : job.type_of_byte[(uint32_t)word >> 24];
  for (int i = 0; i < job.type_rules; i++)
    if ((word & job.type_rule[i].mask) == job.type_rule[i].value) return job.type_rule[i].code;
  return 0;
}

static inline int kind_of(uint64_t mapping, int type) {
  if (mapping >> 56 != 0xff) return 0;
  static const uint8_t codes[4] = { 4, 1, 3, 2 };
  int code = codes[mapping & 3];
  if (code == 3 && !job.movable) code = 0;
  return type && job.may_be_movable[type] && code != 3 ? 0 : code;
}

static uint64_t head_of(uint64_t pfn, uint64_t link) {
  if (job.mask_tails && link >> 32 == 0xffffffff) {
    uint32_t low = (uint32_t)link & ~1u;
    int shift = __builtin_ctz(low | 0x80000000u);
    if (low && low == 0xffffffffu << shift) return pfn & ~((1ull << (shift - 6)) - 1);
  }
  uint64_t bytes = link - 1 - (uint64_t)job.base;
  return link > (uint64_t)job.base && bytes % job.size == 0 && bytes / job.size < 1ull << 40 ? bytes / job.size : pfn;
}

static void describe(const uint8_t *p) {
  uint32_t flags = u32(p + job.flags), second = u32(p + job.size + job.flags);
  uint32_t order = job.order_byte >= 0 ? p[job.order_byte] : second & 0xff;
  int type = flags & job.slab_mask ? job.slab : type_of(u32(p + job.mapcount));
  if (!type && ((job.huge_by == 1 && p[job.huge_at] == job.huge_value) || (job.huge_by == 2 && second >> job.huge_at & 1)))
    type = job.hugetlb;
  int maps = !type || type == job.hugetlb || job.may_be_movable[type];
  last = (struct facts){ .type = type, .kind = maps ? kind_of(u64(p + job.mapping), type) : 0, .free = 255,
    .order = order > 30 ? 255 : order, .cache = type && type == job.slab ? cache_of(u64(p + job.slab_cache)) : 0 };
}

/* A head in another block: its two struct pages are read on their own. */
static void describe_outside(uint64_t pfn) {
  uint8_t two[512];
  int low = 0, high = job.extents;
  while (high - low > 1) {
    int middle = (low + high) / 2;
    if (job.extent[middle].pfn <= pfn) low = middle; else high = middle;
  }
  struct extent *e = &job.extent[low];
  last = (struct facts){ .free = 255, .order = 255 };
  if (pfn < e->pfn || pfn + 1 >= e->pfn + e->pages) return;
  if (pread(fd, two, 2 * job.size, e->offset + (pfn - e->pfn) * job.size) == 2 * job.size) describe(two);
}

static void folios(void) {
  uint64_t free_end = 0;
  uint8_t free_order = 0;
  for (uint64_t i = 0; i < pages; i++) {
    const uint8_t *p = raw + i * job.size;
    uint64_t pfn = first + i, head = pfn, link = u64(p + job.compound);
    uint32_t flags = u32(p + job.flags);
    if ((link & 1) | (flags & job.head_mask)) {
      uint8_t place = PLAIN;
      if (link & 1) {
        head = head_of(pfn, link);
        place = pfn == head + 1 ? SECOND : TAIL;
      } else if (!job.mask_tails && pfn % 64 == 0 && i + 1 < pages) {
        uint64_t next = u64(p + job.size + job.compound);
        if (next & 1) head = head_of(pfn + 1, next);
        if (head != pfn) place = FAKE_HEAD;
      }
      if (head != last_head) {
        last_head = head;
        if (head >= first && head + 1 < first + pages) describe(raw + (head - first) * job.size);
        else describe_outside(head);
      }
      heads[i] = head;
      facts[i] = last;
      facts[i].place = place;
      continue;
    }
    int type = flags & job.slab_mask ? job.slab : type_of(u32(p + job.mapcount)), kind = 0, cache = 0;
    uint8_t free = 255;
    if (!type) {
      if (pfn < free_end && !u32(p + job.refcount)) { type = job.buddy; free = free_order; }
    } else if (type == job.buddy) {
      uint32_t order = u32(p + job.priv);
      free = free_order = order > 30 ? 30 : order;
      free_end = pfn + (1ull << free_order);
    }
    if (!type || job.may_be_movable[type]) kind = kind_of(u64(p + job.mapping), type);
    else if (type == job.slab) cache = cache_of(u64(p + job.slab_cache));
    heads[i] = pfn;
    facts[i] = (struct facts){ .type = type, .kind = kind, .free = free, .cache = cache };
  }
}

static uint64_t alias_bits;
static uint64_t flag_set(uint64_t word, const struct facts *f) {
  if (f->place == FAKE_HEAD) return 0;
  uint64_t bits = word & (f->place == PLAIN ? job.flag_bits : job.tail_bits), out = bits;
  if (!(bits & alias_bits)) return bits;
  for (int i = 0; i < job.rules; i++) {
    struct rule *r = &job.rule[i];
    if (!(out >> r->bit & 1)) continue;
    if (!(r->places >> f->place & 1)) continue;
    if (r->kinds && !(r->kinds >> f->kind & 1)) continue;
    if (r->types && !(r->types >> f->type & 1)) continue;
    if (r->with >= 0 && !(bits >> r->with & 1)) continue;
    if (r->without >= 0 && bits >> r->without & 1) continue;
    out = (out & ~(1ull << r->bit)) | 1ull << r->to;
  }
  return out;
}

static uint64_t by_class[512], by_bit[64], by_zone[8192][32], by_order[256], by_cache[65536];
static struct { uint64_t set, n; } set_slot[4096];

static void count_set(uint64_t set, uint64_t n) {
  uint32_t slot = (set * 0x9e3779b97f4a7c15ull) >> 52;
  while (set_slot[slot & 4095].n && set_slot[slot & 4095].set != set) slot++;
  set_slot[slot & 4095].set = set;
  set_slot[slot & 4095].n += n;
}

static void count_run(uint64_t word, const struct facts *f, uint64_t n) {
  uint64_t set = flag_set(word, f);
  count_set(set, n);
  by_class[f->type ? f->type : f->kind ? 256 + f->kind : set >> job.reserved & 1 ? 510 : 511] += n;
  uint64_t zone = word >> job.zone_shift & ((1ull << (job.zone_width + job.node_width)) - 1);
  by_zone[zone][0] += n;
  if (f->free != 255) by_zone[zone][f->free + 1] += n;
  else if (f->place == PLAIN && f->order != 255) by_order[f->order] += n;
  if (f->type && f->type == job.slab) by_cache[f->cache] += n;
}

static void summarize(void) {
  folios();
  uint64_t word = 0, run = 0;
  struct facts about = { 0 };
  for (uint64_t i = 0; i < pages; i++) {
    uint64_t this = u64(raw + i * job.size + job.flags);
    if (this == word && !memcmp(&facts[i], &about, sizeof about)) { run++; continue; }
    if (run) count_run(word, &about, run);
    word = this;
    about = facts[i];
    run = 1;
  }
  if (run) count_run(word, &about, run);
}

static void print_summary(void) {
  for (int i = 0; i < 4096; i++)
    for (int bit = 0; bit < 64; bit++) if (set_slot[i].set >> bit & 1) by_bit[bit] += set_slot[i].n;
  for (int i = 0; i < 512; i++) if (by_class[i]) printf("class %d %lu\n", i, by_class[i]);
  for (int i = 0; i < 64; i++) if (by_bit[i]) printf("bit %d %lu\n", i, by_bit[i]);
  for (int i = 0; i < 256; i++) if (by_order[i]) printf("folio %d %lu\n", i, by_order[i]);
  for (int i = 0; i < 8192; i++)
    for (int j = 0; j < 32; j++) if (by_zone[i][j]) printf("zone %d %d %lu\n", i, j, by_zone[i][j]);
  for (int i = 0; i < 65536; i++) if (by_cache[i]) printf("cache %lu\n", by_cache[i]);
}

static uint64_t held;
static void filter(void) {
  for (uint64_t i = 0; i < pages; i++) held += (u64(raw + i * job.size + job.flags) & job.filter) == job.filter;
}

static uint64_t column[4][BLOCK], checksum;
static void gather(void) {
  for (uint64_t i = 0; i < pages; i++) {
    const uint8_t *p = raw + i * job.size;
    column[0][i] = u64(p + job.flags);
    column[1][i] = u64(p + job.mapping);
    column[2][i] = u64(p + job.priv);
    column[3][i] = u32(p + job.refcount) | (uint64_t)u32(p + job.mapcount) << 32;
  }
  checksum += column[0][0] ^ column[1][pages - 1] ^ column[2][pages / 2] ^ column[3][0];
}

static char digits4[10000][4], hex2[256][2], *out;
static size_t used;
static int out_fd;

static inline void decimal(uint64_t v) {
  char text[24];
  int at = 24;
  while (v >= 10000) { at -= 4; memcpy(text + at, digits4[v % 10000], 4); v /= 10000; }
  const char *d = digits4[v];
  int skip = (v < 1000) + (v < 100) + (v < 10);
  memcpy(out + used, d + skip, 4 - skip);
  used += 4 - skip;
  memcpy(out + used, text + at, 24 - at);
  used += 24 - at;
}
static inline void signed32(int32_t v) {
  if (v < 0) out[used++] = '-';
  decimal(v < 0 ? -(int64_t)v : v);
}
static inline void hex(uint64_t v) {
  char text[16];
  for (int i = 0; i < 8; i++) memcpy(text + 14 - 2 * i, hex2[v >> 8 * i & 255], 2);
  int skip = v ? __builtin_clzll(v) / 4 : 15;
  memcpy(out + used, "0x", 2);
  memcpy(out + used + 2, text + skip, 16 - skip);
  used += 18 - skip;
}
static inline void text(const char *s) { size_t n = strlen(s); memcpy(out + used, s, n); used += n; }
static inline void comma(void) { out[used++] = ','; }
static void flush(void) {
  for (size_t done = 0; done < used;) {
    ssize_t n = write(out_fd, out + done, used - done);
    if (n < 0) { perror("write"); exit(1); }
    done += n;
  }
  used = 0;
}

/* pfn,flags_raw,refcount,mapcount_raw,type,order,node,zone,head,mapping,index,private */
static void csv(void) {
  folios();
  for (uint64_t i = 0; i < pages; i++) {
    const uint8_t *p = raw + i * job.size;
    uint64_t word = u64(p + job.flags);
    decimal(first + i); comma();
    hex(word); comma();
    signed32(u32(p + job.refcount)); comma();
    signed32(u32(p + job.mapcount)); comma();
    text(job.type_name[facts[i].type]); comma();
    if (facts[i].order != 255) decimal(facts[i].order);
    comma();
    decimal(word >> job.node_shift & ((1ull << job.node_width) - 1)); comma();
    text(job.zone_name[word >> job.zone_shift & ((1ull << job.zone_width) - 1)]); comma();
    decimal(heads[i]); comma();
    hex(u64(p + job.mapping)); comma();
    hex(u64(p + job.index)); comma();
    hex(u64(p + job.priv));
    out[used++] = '\n';
    if (used > 1 << 20) flush();
  }
  flush();
}

int main(int argc, char **argv) {
  if (argc < 4) { fprintf(stderr, "reference summary|filter|gather|csv DUMP JOB [OUT]\n"); return 2; }
  read_job(argv[3], &job);
  fd = open(argv[2], O_RDONLY);
  if (fd < 0) { perror(argv[2]); return 1; }
  raw = aligned_alloc(4096, BLOCK * job.size);
  for (int i = 0; i < job.rules; i++) alias_bits |= 1ull << job.rule[i].bit;
  for (int i = 0; i < 10000; i++) { char d[8]; snprintf(d, 8, "%04d", i); memcpy(digits4[i], d, 4); }
  for (int i = 0; i < 256; i++) { char d[8]; snprintf(d, 8, "%02x", i); memcpy(hex2[i], d, 2); }
  void (*work)(void) = !strcmp(argv[1], "summary") ? summarize : !strcmp(argv[1], "filter") ? filter : !strcmp(argv[1], "gather") ? gather : csv;
  if (work == csv) {
    out = malloc(4 << 20);
    out_fd = open(argc > 4 ? argv[4] : "/dev/stdout", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    text("pfn,flags_raw,refcount,mapcount_raw,type,order,node,zone,head,mapping,index,private\n");
  }
  for (int e = 0; e < job.extents; e++) {
    for (uint64_t at = 0; at < job.extent[e].pages;) {
      first = job.extent[e].pfn + at;
      pages = BLOCK - first % BLOCK;
      if (pages > job.extent[e].pages - at) pages = job.extent[e].pages - at;
      if (pread(fd, raw, pages * job.size, job.extent[e].offset + at * job.size) != (ssize_t)(pages * job.size)) { perror("pread"); return 1; }
      work();
      at += pages;
    }
  }
  if (work == summarize) print_summary();
  if (work == filter) printf("held %lu\n", held);
  if (work == gather) printf("checksum %lu\n", checksum);
  return 0;
}
