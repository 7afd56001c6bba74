// Writing to the pages of the KV cache.
#include "args.h"
#include "lle.cuh"

constexpr int cache_threads = 128;

// A block stores one row's keys and values.
KERNEL(store, StoreArgs, cache_threads, 1) {
  int row = blockIdx.x, slot = a.slots[row], width = a.cache.width, all = a.cache.kv_heads * width;
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
  bf16 *page = reinterpret_cast<bf16 *>(a.cache.memory) + slot / 64 * a.cache.page + a.cache.layer;
  for (int i = threadIdx.x; i < all; i += cache_threads) {
    int64_t at = (static_cast<int64_t>(i / width) * 64 + slot % 64) * width + i % width;
    page[at] = bf16_of(a.keys[static_cast<int64_t>(row) * all + i]);
    page[static_cast<int64_t>(all) * 64 + at] = bf16_of(a.values[static_cast<int64_t>(row) * all + i]);
  }
}
