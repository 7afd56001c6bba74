// Attention over the pages of the cache, to the bit as package ref has it: for
// each query keys in blocks of 64 at absolute positions, every sum in one
// order. A block of threads has one piece, the heads that share a key-value
// head stacked on its positions, and walks the keys once for all of them.
#include "args.h"
#include "exact.cuh"

constexpr int attend_threads = 128;

// softmax turns the block's scores of a row, [64] in p, into exponentials, and
// updates the row's highest score and sum; it returns the factor by which what
// was gathered before shrinks. A warp does it; keys from..n-1 are visible.
__device__ __forceinline__ float softmax(float *p, int from, int n, const AttendArgs &a, float &highest, float &sum) {
  int lane = threadIdx.x % warp_size;
  constexpr float nothing = -__builtin_huge_valf();
  float x[2], top = highest;
  for (int i = 0; i < 2; i++) {
    int key = lane + i * warp_size;
    x[i] = nothing;
    if (key >= from && key < n) x[i] = a.limit > 0 ? soft_cap(p[key], a.scale, a.limit) : p[key] * a.scale;
    top = x[i] > top ? x[i] : top;
  }
  for (int h = warp_size / 2; h > 0; h /= 2) {
    float other = warp_xor(top, h);
    top = other > top ? other : top;
  }
  for (int i = 0; i < 2; i++) {
    x[i] = lane + i * warp_size < n ? exp_ref(x[i] - top) : 0.0f;
    p[lane + i * warp_size] = x[i];
  }
  sync_warp();
  // Partial sum l has keys l, l+8, ... in order; then by halves.
  float part = 0;
  for (int j = 0; j < 8; j++) part += p[lane % 8 + 8 * j];
  for (int h = 4; h > 0; h /= 2) part += warp_xor(part, h);
  float shrink = exp_ref(highest - top);
  sum = fma_rn(sum, shrink, part);
  highest = top;
  return shrink;
}

// first_seen is the first position that a query sees.
__device__ __forceinline__ int first_seen(const AttendArgs &a, int at) {
  return a.window > 0 && at + 1 > a.window ? at + 1 - a.window : 0;
}

// W is the width of a head rounded up to 64, 128 or 256, R the query rows.
template <int W, int R> struct Attention {
  static constexpr int each = R * W / attend_threads; // outputs of a thread
  static constexpr int lines = W >= attend_threads ? 1 : attend_threads / W; // rows side by side
  static constexpr int columns = W > attend_threads ? W / attend_threads : 1;
  static constexpr int LK = W + 1; // keys apart, against bank conflicts
  static constexpr int shared = 4 * (64 * LK + R * W + R * 64 + 3 * R);

  static __device__ void load(float *to, const float *from, int n, int width) {
    for (int i = threadIdx.x; i < 64 * W; i += attend_threads) {
      int key = i / W, d = i % W;
      to[key * LK + d] = key < n && d < width ? from[key * width + d] : 0.0f;
    }
  }

  static __device__ void run(const AttendArgs &a) {
    float *block = reinterpret_cast<float *>(shared_memory()), *query = block + 64 * LK, *scores = query + R * W;
    float *highest = scores + R * 64, *sum = highest + R, *shrink = sum + R;
    const Piece p = a.pieces[blockIdx.x];
    if (p.count == 0) return; // the whole block
    int head = blockIdx.y, group = a.heads / a.cache.kv_heads, width = a.cache.width, rows = p.count * group;
    int64_t line = static_cast<int64_t>(a.heads) * width;
    // Row r is position r/group and head r%group.
    for (int i = threadIdx.x; i < R * W; i += attend_threads) {
      int r = i / W, d = i % W;
      query[i] = r < rows && d < width ? a.query[(p.row + r / group) * line + (head * group + r % group) * width + d] : 0.0f;
    }
    for (int r = threadIdx.x; r < R; r += attend_threads) highest[r] = -__builtin_huge_valf(), sum[r] = 0;
    float acc[each];
    for (int i = 0; i < each; i++) acc[i] = 0;

    int last = (p.start + p.count - 1) / 64;
    for (int b = first_seen(a, p.start) / 64; b <= last; b++) {
      int most = p.start + p.count - b * 64; // keys that any row sees
      most = most < 64 ? most : 64;
      const float *keys = a.cache.memory + a.pages[p.pages + b] * a.cache.page + a.cache.layer + static_cast<int64_t>(head) * 64 * width;
      const float *values = keys + static_cast<int64_t>(a.cache.kv_heads) * 64 * width;
      sync_block(); // values of the block before have been used
      load(block, keys, most, width);
      sync_block();
      multiply_keys(scores, query, block, width);
      sync_block();
      load(block, values, most, width);
      for (int r = threadIdx.x / warp_size; r < rows; r += attend_threads / warp_size) {
        int at = p.start + r / group, n = at + 1 - b * 64, from = first_seen(a, at) - b * 64;
        if (from >= 64) { // the row's window begins later
          for (int j = threadIdx.x % warp_size; j < 64; j += warp_size) scores[r * 64 + j] = 0;
          if (threadIdx.x % warp_size == 0) shrink[r] = 1;
          continue;
        }
        float top = highest[r], total = sum[r];
        float factor = softmax(scores + r * 64, from, n < 64 ? n : 64, a, top, total);
        if (threadIdx.x % warp_size == 0) highest[r] = top, sum[r] = total, shrink[r] = factor;
      }
      sync_block();
      add_values(acc, scores, block, shrink, rows);
    }
    finish(a, acc, sum, p, head, group, rows);
  }

  // Each thread has one key and every second row.
  static __device__ __forceinline__ void multiply_keys(float *scores, const float *query, const float *keys, int width) {
    int key = threadIdx.x % 64, first = threadIdx.x / 64;
    float s[R / 2];
#pragma unroll
    for (int i = 0; i < R / 2; i++) s[i] = 0;
    for (int d = 0; d < width; d++) {
      float k = keys[key * LK + d];
#pragma unroll
      for (int i = 0; i < R / 2; i++) s[i] = fma_rn(query[(first + 2 * i) * W + d], k, s[i]);
    }
#pragma unroll
    for (int i = 0; i < R / 2; i++) scores[(first + 2 * i) * 64 + key] = s[i];
  }

  static __device__ __forceinline__ int row(int i) { return i / columns * lines + threadIdx.x / W % lines; }
  static __device__ __forceinline__ int column(int i) { return threadIdx.x % W + i % columns * attend_threads; }

  static __device__ __forceinline__ void add_values(float *acc, const float *p, const float *values, const float *shrink, int rows) {
#pragma unroll
    for (int i = 0; i < each; i++)
      if (row(i) < rows) acc[i] *= shrink[row(i)];
    for (int j = 0; j < 64; j++) {
#pragma unroll
      for (int i = 0; i < each; i++)
        if (row(i) < rows) acc[i] = fma_rn(p[row(i) * 64 + j], values[j * LK + column(i)], acc[i]);
    }
  }

  static __device__ __forceinline__ void finish(const AttendArgs &a, const float *acc, const float *sum, const Piece &p, int head, int group, int rows) {
    int width = a.cache.width;
    int64_t line = static_cast<int64_t>(a.heads) * width;
#pragma unroll
    for (int i = 0; i < each; i++) {
      int r = row(i), d = column(i);
      if (r >= rows || d >= width) continue;
      float y = acc[i] * (1.0f / sum[r]);
      int64_t at = (p.row + r / group) * line + (head * group + r % group) * width + d;
      if (a.out) a.out[at] = y;
      if (a.half) a.half[at] = bf16_of(y);
    }
  }
};

KERNEL(attend_f32_64, AttendArgs, attend_threads, 1) { Attention<64, 64>::run(a); }
KERNEL(attend_f32_128, AttendArgs, attend_threads, 1) { Attention<128, 32>::run(a); }
KERNEL(attend_f32_256, AttendArgs, attend_threads, 1) { Attention<256, 16>::run(a); }
