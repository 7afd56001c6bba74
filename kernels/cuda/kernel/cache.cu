// Writing to the pages of the KV cache.
#include "args.h"
#include "rotate.cuh"

constexpr int cache_threads = 128;

// A block stores one row's keys and values. A row with slot -1 has none.
KERNEL(store, StoreArgs, cache_threads, 1) {
  int row = blockIdx.x, slot = a.slots[row], width = a.cache.width, all = a.cache.kv_heads * width;
  if (slot < 0) return;
  float *page = a.cache.memory + slot / 64 * a.cache.page + a.cache.layer;
  for (int i = threadIdx.x; i < all; i += cache_threads) {
    int64_t at = (static_cast<int64_t>(i / width) * 64 + slot % 64) * width + i % width;
    page[at] = a.keys[static_cast<int64_t>(row) * all + i];
    page[static_cast<int64_t>(all) * 64 + at] = a.values[static_cast<int64_t>(row) * all + i];
  }
}

// A block copies the first rows of one layer's and head's keys or values from
// page to page.
KERNEL(copy_rows, CopyArgs, cache_threads, 1) {
  int64_t block = static_cast<int64_t>(blockIdx.x) * 64 * a.width;
  const float *from = a.memory + a.src * a.page + block;
  float *to = a.memory + a.dst * a.page + block;
  for (int i = threadIdx.x; i < a.rows * a.width; i += cache_threads) to[i] = from[i];
}

// As store, in bfloat16.
KERNEL(store_bf16, StoreArgs, cache_threads, 1) {
  int row = blockIdx.x, slot = a.slots[row], width = a.cache.width, all = a.cache.kv_heads * width;
  if (slot < 0) return;
  bf16 *page = reinterpret_cast<bf16 *>(a.cache.memory) + slot / 64 * a.cache.page + a.cache.layer;
  for (int i = threadIdx.x; i < all; i += cache_threads) {
    int64_t at = (static_cast<int64_t>(i / width) * 64 + slot % 64) * width + i % width;
    page[at] = bf16_of(a.keys[static_cast<int64_t>(row) * all + i]);
    page[static_cast<int64_t>(all) * 64 + at] = bf16_of(a.values[static_cast<int64_t>(row) * all + i]);
  }
}

__device__ __forceinline__ void keep(float &to, float x) { to = x; }
__device__ __forceinline__ void keep(bf16 &to, float x) { to = bf16_of(x); }

// store_turned turns one row's queries where they lie, and stores its keys,
// turned, and values. A warp has a head.
template <class T> __device__ __forceinline__ void store_turned(const TurnArgs &a) {
  int row = blockIdx.x, slot = a.slots[row], width = a.cache.width, all = a.cache.kv_heads * width;
  if (slot < 0) return;
  const float *table = a.table + static_cast<int64_t>(row) * 2 * a.turned;
  T *page = reinterpret_cast<T *>(a.cache.memory) + slot / 64 * a.cache.page + a.cache.layer + slot % 64 * width;
  for (int i = threadIdx.x / warp_size; i < a.heads + a.cache.kv_heads; i += cache_threads / warp_size) {
    if (i < a.heads) {
      float *x = a.query + (static_cast<int64_t>(row) * a.heads + i) * width;
      rotate_head(x, table, a.turned, a.halves, [x](int d, float y) { x[d] = y; });
      continue;
    }
    int head = i - a.heads;
    const float *x = a.keys + static_cast<int64_t>(row) * all + head * width;
    T *to = page + static_cast<int64_t>(head) * 64 * width;
    rotate_head(x, table, a.turned, a.halves, [to](int d, float y) { keep(to[d], y); });
    for (int d = a.turned + threadIdx.x % warp_size; d < width; d += warp_size) keep(to[d], x[d]);
  }
  for (int i = threadIdx.x; i < all; i += cache_threads)
    keep(page[static_cast<int64_t>(all) * 64 + static_cast<int64_t>(i / width) * 64 * width + i % width], a.values[static_cast<int64_t>(row) * all + i]);
}

KERNEL(store_turned_f32, TurnArgs, cache_threads, 1) { store_turned<float>(a); }
KERNEL(store_turned_bf16, TurnArgs, cache_threads, 1) { store_turned<bf16>(a); }
