// Products of bfloat16 with sums in floats.
#include "args.h"
#include "gated.cuh"
#include "tile_bf16.cuh"

template <class Tile, int BM, int BN> __device__ __forceinline__ void multiply(const MultiplyArgs &a) {
  int f = 0;
  while (f + 1 < a.factors && static_cast<int>(blockIdx.y) >= a.factor[f].tiles) f++;
  const Factor &p = a.factor[f];
  int row0 = blockIdx.x * BM, col0 = (blockIdx.y - (f ? a.factor[f - 1].tiles : 0)) * BN;
  Tile t;
  t.compute(a.half, row0, a.rows, static_cast<const bf16 *>(p.weight), col0, p.cols, a.k);
#pragma unroll
  for (int i = 0; i < Tile::TM; i++)
#pragma unroll
    for (int j = 0; j < Tile::TN; j++)
#pragma unroll
      for (int e = 0; e < 4; e++) {
        int row = row0 + t.row(i, e & 2), col = col0 + t.col(j) + (e & 1);
        if (row >= a.rows || col >= p.cols) continue;
        float *to = p.out + static_cast<int64_t>(row) * p.apart + col;
        *to = p.add ? *to + t.acc[i][j][e] : t.acc[i][j][e];
      }
}

KERNEL(multiply_bf16_large, MultiplyArgs, bf16_threads, 1) { multiply<TileBF16<128, 128, 2, 4>, 128, 128>(a); }

// Gate and up together: what is between exists in registers only.
KERNEL(gated_bf16, GatedArgs, bf16_threads, 1) {
  using Tile = TileBF16<128, 128, 2, 4, true>;
  int row0 = blockIdx.x * 128, col0 = blockIdx.y * 64;
  Tile t;
  t.compute(a.x, row0, a.rows, static_cast<const bf16 *>(a.gate), col0, a.cols, a.k, static_cast<const bf16 *>(a.up));
#pragma unroll
  for (int i = 0; i < Tile::TM; i++)
#pragma unroll
    for (int j = 0; j < Tile::TN; j += 2)
#pragma unroll
      for (int e = 0; e < 4; e += 2) {
        int c = t.col(j);
        gate_pair(a, row0 + t.row(i, e), col0 + c / 16 * 8 + c % 8, t.acc[i][j] + e, t.acc[i][j + 1] + e);
      }
}
