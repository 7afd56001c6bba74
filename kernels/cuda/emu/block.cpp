// One block of a launch: its fibers, barriers and asynchronous copies.
#include "block.h"
#include "fiber.h"
#include "race.h"

#include <cstdarg>
#include <cstdio>
#include <deque>
#include <random>
#include <sys/mman.h>
#include <vector>

namespace emu {

thread_local Place place;
bool inexact_groups;

namespace {

enum class State { ready, warp, barrier, done };

struct Copy { void *dst; const void *src; int bytes, valid; };

struct Product { float *sums; const uint16_t *a, *b; int kk; };

struct Fiber {
  void *stack_at;
  State state;
  unsigned index;
  void *argument; // of the warp operation it waits in
  int barrier;
  std::vector<Copy> issued;
  std::deque<std::vector<Copy>> groups;
  std::vector<Product> multiplied; // of a warpgroup
  std::deque<std::vector<Product>> products;
};

struct Warp { WarpOp op; int arrived; };

constexpr int barriers = 16;
constexpr size_t stack_size = 128 << 10;

struct Block {
  const Kernel *kernel;
  const void *args;
  std::vector<Fiber> fibers;
  std::vector<Warp> warps;
  std::vector<unsigned> ready;
  int arrived[barriers], expected[barriers];
  unsigned running, left;
  void *scheduler;
  std::minstd_rand random;
  char message[512];
  bool failed;
};

// Stacks and shared memory belong to the system's thread and are kept.
struct Room {
  char *stacks = nullptr;
  size_t stack_count = 0;
  char *shared = nullptr;
};
constexpr size_t shared_limit = 228 << 10;

thread_local Block *block __attribute__((tls_model("initial-exec")));
thread_local Room room;

void *take(size_t bytes) {
  void *p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) { perror("emulator: mmap"); abort(); }
  return p;
}

void prepare_room(unsigned threads) {
  if (!room.shared) { // a page that cannot be touched follows
    room.shared = static_cast<char *>(take(shared_limit + 4096));
    mprotect(room.shared + shared_limit, 4096, PROT_NONE);
  }
  if (room.stack_count < threads) {
    if (room.stacks) munmap(room.stacks, room.stack_count * stack_size);
    room.stacks = static_cast<char *>(take(threads * stack_size));
    room.stack_count = threads;
  }
}

Fiber &self() { return block->fibers[block->running]; }

void to_scheduler() { emu_switch(&self().stack_at, block->scheduler); }

void suspend(State s) {
  self().state = s;
  to_scheduler();
}

void wake(unsigned i) {
  block->fibers[i].state = State::ready;
  block->ready.push_back(i);
}

void entry() {
  block->kernel->run(block->args);
  if (!self().groups.empty() || !self().issued.empty())
    fail("it ends while asynchronous copies are under way");
  if (!self().products.empty() || !self().multiplied.empty())
    fail("it ends while products of a warpgroup are under way");
  block->left--;
  suspend(State::done);
  __builtin_unreachable();
}

void resume(unsigned i) {
  block->running = i;
  place.thread = {i, 0, 0};
  emu_switch(&block->scheduler, self().stack_at);
}

void report_deadlock() {
  unsigned at[4] = {};
  int first = -1;
  for (auto &f : block->fibers) {
    at[static_cast<int>(f.state)]++;
    if (first < 0 && f.state != State::done) first = static_cast<int>(f.index);
  }
  block->failed = true;
  snprintf(block->message, sizeof block->message,
           "deadlock: %u threads wait in warp operations, %u at barriers, %u have ended; the first that waits is %d",
           at[1], at[2], at[3], first);
}

void deliver(std::vector<Copy> &copies) {
  for (auto &c : copies) {
    if constexpr (races) end_copy(c.dst, c.bytes);
    memcpy(c.dst, c.src, c.valid);
    memset(static_cast<char *>(c.dst) + c.valid, 0, c.bytes - c.valid);
  }
}

// value returns k of a row of a tile whose chunks are swapped.
float value(const uint16_t *tile, int row, int k) { return float_of(static_cast<uint32_t>(tile[row * 64 + ((k / 8) ^ (row & 7)) * 8 + k % 8]) << 16); }

// look says that a product reads a row of a and the lane's columns of b.
void look(const Product &p, int row, int col0) {
  auto chunks = [&](const uint16_t *tile, int r) {
    for (int chunk = 2 * p.kk; chunk < 2 * p.kk + 2; chunk++) touch(tile + r * 64 + (chunk ^ (r & 7)) * 8, 16, Access::matrix, nullptr);
  };
  chunks(p.a, row);
  for (int j = 0; j < 32; j++) chunks(p.b, j * 8 + col0), chunks(p.b, j * 8 + col0 + 1);
}

// multiply is what a lane has of a product of 64x16 and 16x256 values; each sum
// is rounded once, as that of a warp.
void multiply(const Product &p) {
  int thread = static_cast<int>(self().index) % 128, row0 = thread / 32 * 16 + thread % 32 / 4, col0 = thread % 4 * 2;
  for (int half = 0; half < 2; half++) {
    float x[16];
    for (int k = 0; k < 16; k++) x[k] = value(p.a, row0 + half * 8, p.kk * 16 + k);
    if constexpr (races) look(p, row0 + half * 8, col0);
    for (int at = 0; at < 64; at++) {
      int j = at / 2, e = at % 2, column = j * 8 + col0 + e;
      double sum = 0;
      for (int k = 0; k < 16; k++) sum += static_cast<double>(x[k]) * value(p.b, column, p.kk * 16 + k);
      float &c = p.sums[j * 4 + half * 2 + e];
      c = static_cast<float>(sum + c);
      if (inexact_groups) c = nextafterf(c, 0);
    }
  }
}

} // namespace

void fail(const char *format, ...) {
  va_list list;
  va_start(list, format);
  vsnprintf(block->message, sizeof block->message, format, list);
  va_end(list);
  block->failed = true;
  to_scheduler();
  __builtin_unreachable();
}

void warp(WarpOp op, void *argument, bool orders) {
  Fiber &f = self();
  unsigned w = f.index / 32;
  Warp &state = block->warps[w];
  if (state.arrived && state.op != op) fail("lanes of warp %u are in different operations", w);
  state.op = op;
  f.argument = argument;
  if (++state.arrived < 32) return suspend(State::warp);
  void *lanes[32];
  for (unsigned i = 0; i < 32; i++) lanes[i] = block->fibers[w * 32 + i].argument;
  op(lanes);
  if constexpr (races)
    if (orders) race_warp(static_cast<int>(w));
  state.arrived = 0;
  for (unsigned i = w * 32; i < w * 32 + 32; i++)
    if (i != f.index) wake(i);
}

void barrier(int id, int threads) {
  if (id < 0 || id >= barriers) fail("there is no barrier %d", id);
  int &arrived = block->arrived[id], &expected = block->expected[id];
  if (arrived && expected != threads) fail("barrier %d is for %d threads and for %d", id, expected, threads);
  expected = threads;
  self().barrier = id;
  if (++arrived < threads) return suspend(State::barrier);
  if constexpr (races) race_barrier();
  arrived = 0;
  for (auto &f : block->fibers)
    if (f.state == State::barrier && f.barrier == id) wake(f.index);
}

void check_shared(const void *p, size_t bytes, size_t align, const char *what) {
  auto at = static_cast<const char *>(p);
  if (at < place.shared || at + bytes > place.shared + place.shared_size)
    fail("%s at %td of %zu bytes of shared memory", what, at - place.shared, place.shared_size);
  if (reinterpret_cast<size_t>(p) % align) fail("%s at %td: not a multiple of %zu", what, at - place.shared, align);
}

void async_copy(void *dst, const void *src, int bytes, int valid) {
  check_shared(dst, bytes, bytes, "asynchronous copy");
  if (reinterpret_cast<size_t>(src) % bytes) fail("asynchronous copy from an address that is no multiple of %d", bytes);
  if constexpr (races) touch(src, valid, Access::read, nullptr), begin_copy(dst, bytes);
  memset(dst, 0xff, bytes);
  self().issued.push_back({dst, src, bytes, valid});
}

void async_commit() {
  self().groups.push_back(std::move(self().issued));
  self().issued.clear();
}

void async_wait(int pending) {
  auto &groups = self().groups;
  while (static_cast<int>(groups.size()) > pending) {
    deliver(groups.front());
    groups.pop_front();
  }
}

void group_multiply(float *sums, const uint16_t *a, const uint16_t *b, int kk) {
  check_shared(a, 64 * 128, 1024, "first tile of a product");
  check_shared(b, 256 * 128, 1024, "second tile of a product");
  Product p{sums, a, b, kk};
  if constexpr (races) {
    int thread = static_cast<int>(self().index) % 128, row = thread / 32 * 16 + thread % 32 / 4;
    look(p, row, thread % 4 * 2), look(p, row + 8, thread % 4 * 2);
  }
  self().multiplied.push_back(p);
}

void group_commit() {
  self().products.push_back(std::move(self().multiplied));
  self().multiplied.clear();
}

void group_wait(int pending) {
  auto &products = self().products;
  while (static_cast<int>(products.size()) > pending) {
    for (auto &p : products.front()) multiply(p);
    products.pop_front();
  }
}

void group_fence() {
  if constexpr (races) race_fence();
}

void add(uint64_t *to, uint64_t x) {
  check_shared(to, 8, 8, "addition");
  if constexpr (races) touch(to, 8, Access::atomic, __builtin_return_address(0));
  *to += x;
}

void run_block(const Launch &l, Dim at, char *message, size_t size) {
  unsigned threads = l.kernel->threads;
  prepare_room(threads);
  Block b{};
  b.kernel = l.kernel, b.args = l.args, b.left = threads;
  b.random.seed(static_cast<unsigned>(l.seed + 1 + at.x * 7919 + at.y * 104729 + at.z * 15485863));
  b.fibers.resize(threads);
  b.warps.resize((threads + 31) / 32);
  block = &b;
  if constexpr (races) race_block();
  // The end of what was asked for lies at the page that cannot be touched.
  size_t shared = (l.shared + 127) & ~size_t{127};
  place = {{0, 0, 0}, at, l.grid, threads, room.shared + shared_limit - shared, l.shared};
  memset(room.shared, 0xff, shared_limit); // NaN
  for (unsigned i = 0; i < threads; i++) {
    b.fibers[i].index = i;
    b.fibers[i].stack_at = fiber_start(room.stacks + (i + 1) * stack_size, entry);
    wake(i);
  }
  while (b.left && !b.failed) {
    if (b.ready.empty()) { report_deadlock(); break; }
    unsigned pick = b.random() % b.ready.size(), i = b.ready[pick];
    b.ready[pick] = b.ready.back();
    b.ready.pop_back();
    resume(i);
  }
  if (b.failed)
    snprintf(message, size, "%s, block (%u,%u,%u), thread %u: %s", l.kernel->name, at.x, at.y, at.z, b.running, b.message);
  block = nullptr;
}

bool in_block() { return block != nullptr; }

} // namespace emu
