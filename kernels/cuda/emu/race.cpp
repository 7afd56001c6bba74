// The bookkeeping of race.h. There is one thread of the system for blocks then.
#include "block.h"
#include "race.h"

#ifdef EMU_RACES
#include <cstdio>
#include <dlfcn.h>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace emu {

namespace {

// Time counts what orders threads: barriers of blocks, and of each warp those
// of its lanes. It never begins again, so that what is over needs no clearing.
uint32_t now = 1, block_began = 1, launch_began = 1;
uint32_t warp_now[64];
uint64_t step = 1; // accesses so far
std::vector<uint64_t> fenced(2048); // of a thread: the step of its last fence

constexpr int16_t nobody = -1, several = -2;

// A Cell is what is known of two bytes.
struct Cell {
  uint32_t written = 0, read = 0;           // when last, by now
  uint32_t written_warp = 0, read_warp = 0; // and by the warp's time
  uint32_t lanes = 0;                       // that read since then
  uint32_t others = 0;                      // when a block that is over last read
  int16_t writer = nobody, reader = nobody; // a thread; a warp, or several
  int16_t copier = nobody;                  // a thread whose copy is under way
  bool atomic = false;                      // the last write
  uint64_t written_step = 0;
  const void *write_code = nullptr, *read_code = nullptr;
};

constexpr size_t page = 4096;
using Page = std::unique_ptr<Cell[]>;

// Pages of the device's memory, by address, and those looked up last.
std::unordered_map<uintptr_t, Page> pages;
struct Known { uintptr_t number = 0; Cell *cells = nullptr; } known[1024];

constexpr size_t most_shared = 228 << 10;
Page shared_cells{new Cell[most_shared / 2]};

// cell finds a place's, null where it is of no interest.
Cell *cell(uintptr_t at, bool &shared) {
  size_t offset = at - reinterpret_cast<uintptr_t>(place.shared);
  if ((shared = offset < place.shared_size)) return &shared_cells[offset / 2];
  uintptr_t number = at / page;
  Known &k = known[number % 1024];
  if (k.number != number) {
    auto found = pages.find(number);
    if (found != pages.end() && !found->second) found->second.reset(new Cell[page / 2]);
    k = {number, found == pages.end() ? nullptr : found->second.get()};
  }
  return k.cells ? &k.cells[at % page / 2] : nullptr;
}

// where names an instruction so that addr2line finds it.
std::string where(const void *code) {
  Dl_info info;
  char text[64] = "(what hardware does)";
  if (code && dladdr(code, &info)) snprintf(text, sizeof text, "%#tx", static_cast<const char *>(code) - 1 - static_cast<const char *>(info.dli_fbase));
  return text;
}

[[noreturn]] void race(const char *what, uintptr_t at, bool shared, const void *code, const void *other) {
  fail("race: it %s, at %#zx of %s memory; see addr2line -ipe libcuda.so.1 %s %s", what,
       shared ? at - reinterpret_cast<uintptr_t>(place.shared) : at, shared ? "shared" : "the device's", where(code).c_str(), where(other).c_str());
}

} // namespace

void touch(const void *p, size_t bytes, Access access, const void *code) {
  if (!in_block()) return;
  int me = static_cast<int>(place.thread.x), warp = me / 32;
  uint32_t bit = 1u << me % 32, mine = warp_now[warp];
  bool writes = access == Access::write || access == Access::atomic;
  step++;
  auto from = reinterpret_cast<uintptr_t>(p);
  for (uintptr_t at = from & ~uintptr_t{1}; at < from + bytes; at += 2) {
    bool shared;
    Cell *c = cell(at, shared);
    if (!c) return;
    // What a block did that is over matters for memory that blocks share.
    uint32_t began = shared ? block_began : launch_began;
    if (c->written < block_began) c->copier = nobody; // of a block that failed
    if (c->copier != nobody)
      race(c->copier == me ? "touches what its own copy is yet to bring" : "touches what another thread's copy is yet to bring", at, shared, code, c->write_code);
    bool both_atomic = access == Access::atomic && c->atomic;
    if (c->written >= began && !both_atomic) {
      if (c->written < block_began)
        race(writes ? "writes what another block wrote" : "reads what another block wrote", at, shared, code, c->write_code);
      if (c->written == now && c->writer != me && !(c->writer / 32 == warp && c->written_warp < mine))
        race(writes ? "writes what another thread wrote" : "reads what another thread wrote", at, shared, code, c->write_code);
    }
    if (access == Access::matrix && c->written >= block_began && c->writer != nobody && fenced[c->writer] < c->written_step)
      race("multiplies what was written without a fence after it", at, shared, code, c->write_code);
    if (!writes) {
      if (c->read >= launch_began && c->read < block_began) c->others = c->read;
      if (c->read != now) c->read = now, c->reader = static_cast<int16_t>(warp), c->read_warp = mine, c->lanes = bit;
      else if (c->reader != warp) c->reader = several;
      else if (c->read_warp != mine) c->read_warp = mine, c->lanes = bit;
      else c->lanes |= bit;
      c->read_code = code;
      continue;
    }
    if (!shared && (c->others >= launch_began || (c->read >= launch_began && c->read < block_began)))
      race("writes what another block read", at, shared, code, c->read_code);
    if (c->read == now && (c->reader != warp || (c->read_warp == mine && c->lanes & ~bit)))
      race("writes what another thread read", at, shared, code, c->read_code);
    c->written = now, c->written_warp = mine, c->writer = static_cast<int16_t>(me);
    c->atomic = access == Access::atomic, c->written_step = step, c->write_code = code;
  }
}

void begin_copy(const void *at, size_t bytes) {
  touch(at, bytes, Access::write, nullptr);
  bool shared;
  for (size_t i = 0; i < bytes; i += 2) cell(reinterpret_cast<uintptr_t>(at) + i, shared)->copier = static_cast<int16_t>(place.thread.x);
}

void end_copy(const void *at, size_t bytes) {
  bool shared;
  for (size_t i = 0; i < bytes; i += 2) cell(reinterpret_cast<uintptr_t>(at) + i, shared)->copier = nobody;
  touch(at, bytes, Access::write, nullptr);
}

void race_launch() {
  race_block();
  launch_began = now;
}
void race_block() { block_began = ++now; }
void race_barrier() { now++; }
void race_warp(int warp) { warp_now[warp]++; }
void race_fence() { fenced[place.thread.x] = ++step; }

void race_memory(const char *begin, size_t bytes, bool there) {
  auto from = reinterpret_cast<uintptr_t>(begin);
  for (uintptr_t number = from / page; number <= (from + bytes - 1) / page; number++) {
    known[number % 1024] = {};
    if (there) pages[number];
    else pages.erase(number);
  }
}

} // namespace emu

// What -fsanitize=thread makes of loads and stores.
extern "C" {
using emu::Access;
#define CODE __builtin_return_address(0)
#define SIZES(n)                                                                            \
  void __tsan_read##n(void *p) { emu::touch(p, n, Access::read, CODE); }                    \
  void __tsan_write##n(void *p) { emu::touch(p, n, Access::write, CODE); }                  \
  void __tsan_unaligned_read##n(void *p) { emu::touch(p, n, Access::read, CODE); }          \
  void __tsan_unaligned_write##n(void *p) { emu::touch(p, n, Access::write, CODE); }
SIZES(1) SIZES(2) SIZES(4) SIZES(8) SIZES(16)
void __tsan_read_range(void *p, size_t n) { emu::touch(p, n, Access::read, CODE); }
void __tsan_write_range(void *p, size_t n) { emu::touch(p, n, Access::write, CODE); }
void __tsan_init() {}
void __tsan_func_entry(void *) {}
void __tsan_func_exit() {}
}
#endif
