// What a GPU can do at most, for llamaeval bench: products of matrices on
// registers, on tensor cores and not, and reading memory.
#include "args.h"
#include "lle.cuh"

constexpr int limit_threads = 256;
constexpr int chains = 8; // independent ones of a thread

// keep lets the compiler believe that a result is wanted.
__device__ __forceinline__ void keep(const LimitArgs &a, float x) {
  if (x == 0.123f) a.out[0] = x;
}

KERNEL(limit_bf16, LimitArgs, limit_threads, 1) {
  uint32_t x[4] = {0x3f803f80, 0x3f803f80, 0x3f803f80, threadIdx.x};
  float c[chains][4] = {};
  for (int64_t i = 0; i < a.count; i++) {
#pragma unroll
    for (int j = 0; j < chains; j++) mma_bf16(c[j], x, x[0], x[3]);
  }
  float sum = 0;
#pragma unroll
  for (int j = 0; j < chains; j++) sum += c[j][0] + c[j][1] + c[j][2] + c[j][3];
  keep(a, sum);
}

KERNEL(limit_f32, LimitArgs, limit_threads, 1) {
  float x = static_cast<float>(threadIdx.x), c[chains] = {};
  for (int64_t i = 0; i < a.count; i++) {
#pragma unroll
    for (int j = 0; j < chains; j++) c[j] = fma_rn(c[j], x, 0.5f);
  }
  float sum = 0;
#pragma unroll
  for (int j = 0; j < chains; j++) sum += c[j];
  keep(a, sum);
}

KERNEL(limit_read, LimitArgs, limit_threads, 1) {
  int64_t stride = static_cast<int64_t>(gridDim.x) * limit_threads;
  uint32_t seen = 0;
#pragma unroll 4
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * limit_threads + threadIdx.x; i < a.count; i += stride) {
    uint4 v = static_cast<const uint4 *>(a.in)[i];
    seen ^= v.x ^ v.y ^ v.z ^ v.w;
  }
  keep(a, float_of(seen));
}
