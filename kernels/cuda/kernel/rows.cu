// Operations on rows of activations.
#include "args.h"
#include "gated.cuh"
#include "rotate.cuh"

constexpr int row_warps = 4; // rows of a block, where a warp has one row

// RMSNorm, to the bit as package ref has it: lane i sums the squares of
// elements i, i+32, ..., and the lanes' sums are added by halves.
KERNEL(rms_norm, NormArgs, row_warps *warp_size, 1) {
  int lane = threadIdx.x % warp_size;
  int row = blockIdx.x * row_warps + threadIdx.x / warp_size;
  if (row >= a.rows) return; // the whole warp
  int64_t at = static_cast<int64_t>(row) * a.cols;
  const float *x = a.x + at;
  float sum = 0;
  for (int i = lane; i < a.cols; i += warp_size) sum = fma_rn(x[i], x[i], sum);
  for (int h = warp_size / 2; h > 0; h /= 2) sum += warp_xor(sum, h);
  float mean = sum / static_cast<float>(a.cols);
  float inverse = static_cast<float>(1 / sqrt_rn(static_cast<double>(mean + a.eps)));
  for (int i = lane; i < a.cols; i += warp_size) {
    float y = x[i] * inverse * a.gain[i];
    if (a.out) a.out[at + i] = y;
    if (a.half) a.half[at + i] = bf16_of(y);
  }
}

// A block has a row.
constexpr int row_threads = 128;

// A warp has a head.
KERNEL(rotate, RotateArgs, row_threads, 1) {
  int row = blockIdx.x;
  const float *table = a.table + static_cast<int64_t>(row) * 2 * a.turned;
  for (int head = threadIdx.x / warp_size; head < a.heads; head += row_threads / warp_size) {
    float *x = a.x + (static_cast<int64_t>(row) * a.heads + head) * a.width;
    rotate_head(x, table, a.turned, a.halves, [x](int i, float y) { x[i] = y; });
  }
}

// gated computes f(gate)*up of all values.
template <class F> __device__ __forceinline__ void gated(const GLUArgs &a, F f) {
  int64_t stride = static_cast<int64_t>(gridDim.x) * row_threads;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * row_threads + threadIdx.x; i < a.count; i += stride) {
    float y = f(a.gate[i]) * a.up[i];
    if (a.out) a.out[i] = y;
    if (a.half) a.half[i] = bf16_of(y);
  }
}

KERNEL(swiglu, GLUArgs, row_threads, 1) { gated(a, SiLU()); }
KERNEL(geglu, GLUArgs, row_threads, 1) { gated(a, GELU()); }

KERNEL(add, AddArgs, row_threads, 1) {
  float *out = a.out + static_cast<int64_t>(blockIdx.x) * a.cols;
  int64_t from = static_cast<int64_t>(blockIdx.x) * a.apart;
  for (int i = threadIdx.x; i < a.cols; i += row_threads)
    out[i] += a.half ? float_of_bf16(a.half[from + i]) : a.x[from + i];
}

KERNEL(gather, GatherArgs, row_threads, 1) {
  const float *from = a.x + static_cast<int64_t>(a.rows[blockIdx.x]) * a.cols;
  float *to = a.out + static_cast<int64_t>(blockIdx.x) * a.cols;
  for (int i = threadIdx.x; i < a.cols; i += row_threads) to[i] = from[i];
}

KERNEL(embed, EmbedArgs, row_threads, 1) {
  const char *from = static_cast<const char *>(a.table) + a.tokens[blockIdx.x] * row_bytes(a.kind, a.cols);
  float *to = a.out + static_cast<int64_t>(blockIdx.x) * a.cols;
  if (unit_of(a.kind) == 1) {
    for (int i = threadIdx.x; i < a.cols; i += row_threads) to[i] = widen(from, a.kind, i) * a.scale;
    return;
  }
  for (int k = threadIdx.x * 8; k < a.cols; k += row_threads * 8) {
    float w[8];
    widen_run<8>(w, from, a.kind, k);
#pragma unroll
    for (int i = 0; i < 8; i++) to[k + i] = w[i] * a.scale;
  }
}

KERNEL(narrow, NarrowArgs, row_threads, 1) {
  int64_t stride = static_cast<int64_t>(gridDim.x) * row_threads, bytes = row_bytes(a.kind, a.cols);
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * row_threads + threadIdx.x; i < a.count / 8; i += stride) {
    float w[8];
    widen_run<8>(w, static_cast<const char *>(a.x) + i / (a.cols / 8) * bytes, a.kind, static_cast<int>(i % (a.cols / 8)) * 8);
    reinterpret_cast<uint4 *>(a.half)[i] = {pack_bf16(w[0], w[1]), pack_bf16(w[2], w[3]), pack_bf16(w[4], w[5]), pack_bf16(w[6], w[7])};
  }
}
