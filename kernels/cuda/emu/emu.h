// Runs the kernels of ../kernel on the host, so that they are tested where no
// GPU is. Each thread of a block is a fiber; which of those that can go on
// goes on is drawn at random. Shared memory begins as NaN, an asynchronous
// copy arrives no sooner than the wait that covers it and spoils its
// destination until then, rows for ldmatrix must lie in different banks, and a
// block whose threads all wait for one another is an error that says where.
// Built to look for races (race.h), it fails on them too.
#pragma once
#include <cmath>
using std::ceil;
using std::floor;
using std::ldexp;
#include <cstddef>
#include <cstdint>
#include <cstring>

#define __device__
#define __forceinline__ inline __attribute__((always_inline))
#define __restrict__ __restrict

struct uint2 { uint32_t x, y; };
struct alignas(16) uint4 { uint32_t x, y, z, w; };
struct alignas(8) float2 { float x, y; };
struct alignas(16) float4 { float x, y, z, w; };

namespace emu {

struct Dim { unsigned x, y, z; };

// What a kernel sees of its place.
struct Place { Dim thread, block, grid; unsigned threads; char *shared; size_t shared_size; };
extern thread_local Place place __attribute__((tls_model("initial-exec")));

// A warp operation is done once for 32 lanes, by the last of them to come;
// each lane's argument holds what it gives and what it gets.
// Only one that orders lets lanes see what the others wrote to memory.
using WarpOp = void (*)(void *lanes[32]);
void warp(WarpOp, void *argument, bool orders = false);

void barrier(int id, int threads); // of so many threads of the block
void async_copy(void *dst, const void *src, int bytes, int valid);
void async_commit();
void async_wait(int pending); // until at most so many groups are under way
// Products of a warpgroup happen no sooner than the wait that covers them.
void group_multiply(float *sums, const uint16_t *a, const uint16_t *b, int kk);
void group_commit();
void group_wait(int pending);
void group_fence(); // products see what the thread wrote
void add(uint64_t *shared, uint64_t x);
void check_shared(const void *p, size_t bytes, size_t align, const char *what);
[[noreturn]] void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

// A kernel registers itself under its name.
struct Kernel {
  const char *name;
  void (*run)(const void *args);
  size_t args;
  unsigned threads;
  Kernel *next;
  Kernel(const char *, void (*)(const void *), size_t, unsigned);
};

} // namespace emu

#define threadIdx (emu::place.thread)
#define blockIdx (emu::place.block)
#define gridDim (emu::place.grid)

#define KERNEL(name, Args, threads, blocks)                                                     \
  static void name(const Args &);                                                               \
  static emu::Kernel name##_kernel(                                                             \
      #name, [](const void *p) { name(*static_cast<const Args *>(p)); }, sizeof(Args), threads); \
  static void name(const Args &a)

static inline char *shared_memory() { return emu::place.shared; }
static inline void sync_block() { emu::barrier(0, emu::place.threads); }
static inline void sync_warp() { emu::warp([](void **) {}, nullptr, true); }

// warp_xor returns x of the lane whose number differs by mask.
template <typename T> static inline T warp_xor(T x, int mask) {
  struct Lane { T x, y; int mask; } lane{x, x, mask};
  emu::warp([](void **l) {
    for (int i = 0; i < 32; i++) {
      auto *a = static_cast<Lane *>(l[i]);
      a->y = static_cast<Lane *>(l[i ^ a->mask])->x;
    }
  }, &lane);
  return lane.y;
}

// warp_from returns x of lane from.
template <typename T> static inline T warp_from(T x, int from) {
  struct Lane { T x, y; int from; } lane{x, x, from};
  emu::warp([](void **l) {
    for (int i = 0; i < 32; i++) {
      auto *a = static_cast<Lane *>(l[i]);
      a->y = static_cast<Lane *>(l[a->from & 31])->x;
    }
  }, &lane);
  return lane.y;
}

static inline void add_shared(uint64_t *to, uint64_t x) { emu::add(to, x); }

static inline void cp_async16(void *shared, const void *global, bool valid) { emu::async_copy(shared, global, 16, valid ? 16 : 0); }
static inline void cp_async4(void *shared, const void *global) { emu::async_copy(shared, global, 4, 4); }
static inline void cp_async_commit() { emu::async_commit(); }
template <int N> static inline void cp_async_wait() { emu::async_wait(N); }

void ldmatrix_x4(uint32_t out[4], const void *shared);
void ldmatrix_x4_trans(uint32_t out[4], const void *shared);
void mma_bf16(float c[4], const uint32_t a[4], uint32_t b0, uint32_t b1);
void mma_f16(float c[4], const uint32_t a[4], uint32_t b0, uint32_t b1);

static inline float fma_rn(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
static inline float float_of(uint32_t bits) { float x; memcpy(&x, &bits, 4); return x; }
static inline uint32_t bits_of(float x) { uint32_t b; memcpy(&b, &x, 4); return b; }
static inline float sqrt_rn(float x) { return __builtin_sqrtf(x); }
static inline double sqrt_rn(double x) { return __builtin_sqrt(x); }
uint16_t bf16_of(float x);   // to nearest, ties to even
uint16_t f16_of(float x);    // likewise
float float_of_f16(uint16_t h);
static inline uint32_t pack_bf16(float low, float high) { return bf16_of(low) | static_cast<uint32_t>(bf16_of(high)) << 16; }
static inline float exp2_fast(float x) { return x == -INFINITY ? 0.0f : exp2f(x); }
