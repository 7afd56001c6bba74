// Operations on rows of activations. One warp has one row.
#include "args.h"
#include "lle.cuh"

constexpr int row_warps = 4; // rows of a block

// RMSNorm, to the bit as package ref has it: lane i sums the squares of
// elements i, i+32, ..., and the lanes' sums are added by halves.
KERNEL(rms_norm, NormArgs, row_warps *warp_size, 1) {
  int lane = threadIdx.x % warp_size;
  int row = blockIdx.x * row_warps + threadIdx.x / warp_size;
  if (row >= a.rows) return; // the whole warp
  const float *x = a.x + static_cast<int64_t>(row) * a.cols;
  float sum = 0;
  for (int i = lane; i < a.cols; i += warp_size) sum = fma_rn(x[i], x[i], sum);
  for (int h = warp_size / 2; h > 0; h /= 2) sum += warp_xor(sum, h);
  float mean = sum / static_cast<float>(a.cols);
  float inverse = static_cast<float>(1 / sqrt_rn(static_cast<double>(mean + a.eps)));
  int64_t at = static_cast<int64_t>(row) * a.cols;
  for (int i = lane; i < a.cols; i += warp_size) {
    float y = x[i] * inverse * a.gain[i];
    if (a.out) a.out[at + i] = y;
    if (a.half) a.half[at + i] = bf16_of(y);
  }
}
