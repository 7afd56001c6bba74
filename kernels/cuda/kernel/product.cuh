// Where products of bfloat16 put their sums.
#pragma once
#include "args.h"
#include "lle.cuh"

// factor_of finds the factor whose tile the block has, and its first column.
__device__ __forceinline__ const Factor &factor_of(const MultiplyArgs &a, int columns, int &col0) {
  int f = 0, tile = blockIdx.y;
  while (f + 1 < a.factors && tile >= a.factor[f].tiles) f++;
  col0 = (tile - (f ? a.factor[f - 1].tiles : 0)) * columns;
  return a.factor[f];
}

// put_pair writes or adds the sums of two neighbouring columns, the first of
// which is even; at once where that is aligned.
__device__ __forceinline__ void put_pair(const Factor &p, int rows, int row, int col, const float sums[2]) {
  if (row >= rows || col >= p.cols) return;
  float *to = p.out + static_cast<int64_t>(row) * p.apart + col;
  if (col + 1 < p.cols && p.apart % 2 == 0) {
    float2 *both = reinterpret_cast<float2 *>(to);
    float2 y = {sums[0], sums[1]};
    if (p.add) y = {both->x + y.x, both->y + y.y};
    *both = y;
    return;
  }
#pragma unroll
  for (int e = 0; e < 2; e++)
    if (col + e < p.cols) to[e] = p.add ? to[e] + sums[e] : sums[e];
}
