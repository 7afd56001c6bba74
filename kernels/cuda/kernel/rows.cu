// Operations on rows of activations.
#include "args.h"
#include "exact.cuh"

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

KERNEL(rotate, RotateArgs, row_threads, 1) {
  int row = blockIdx.x, pairs = a.turned / 2;
  const float *table = a.table + static_cast<int64_t>(row) * 2 * a.turned;
  float *x = a.x + static_cast<int64_t>(row) * a.heads * a.width;
  for (int i = threadIdx.x; i < a.heads * pairs; i += row_threads) {
    int pair = i % pairs;
    float *at = x + i / pairs * a.width + 2 * pair;
    float even = at[0], odd = at[1];
    at[0] = even * table[2 * pair] - odd * table[a.turned + 2 * pair];
    at[1] = odd * table[2 * pair + 1] + even * table[a.turned + 2 * pair + 1];
  }
}

KERNEL(swiglu, SwiGLUArgs, row_threads, 1) {
  int64_t stride = static_cast<int64_t>(gridDim.x) * row_threads;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * row_threads + threadIdx.x; i < a.count; i += stride) {
    float g = a.gate[i];
    float y = g / (1.0f + exp_ref(-g)) * a.up[i];
    if (a.out) a.out[i] = y;
    if (a.half) a.half[i] = bf16_of(y);
  }
}

KERNEL(gather, GatherArgs, row_threads, 1) {
  const float *from = a.x + static_cast<int64_t>(a.rows[blockIdx.x]) * a.cols;
  float *to = a.out + static_cast<int64_t>(blockIdx.x) * a.cols;
  for (int i = threadIdx.x; i < a.cols; i += row_threads) to[i] = from[i];
}

KERNEL(embed, EmbedArgs, row_threads, 1) {
  int64_t from = static_cast<int64_t>(a.tokens[blockIdx.x]) * a.cols;
  float *to = a.out + static_cast<int64_t>(blockIdx.x) * a.cols;
  for (int i = threadIdx.x; i < a.cols; i += row_threads) to[i] = widen(a.table, a.kind, from + i);
}

KERNEL(narrow, NarrowArgs, row_threads, 1) {
  int64_t stride = static_cast<int64_t>(gridDim.x) * row_threads;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * row_threads + threadIdx.x; i < a.count; i += stride)
    a.half[i] = bf16_of(widen(a.x, a.kind, i));
}
