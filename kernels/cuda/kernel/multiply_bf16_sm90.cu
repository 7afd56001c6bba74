// As multiply_bf16.cu, for compute capability 9.0.
#include "args.h"
#include "gated.cuh"
#include "tile_wgmma.cuh"

KERNEL(multiply_wgmma, MultiplyArgs, wgmma_threads, 1) {
  using Tile = TileWGMMA<>;
  int f = 0;
  while (f + 1 < a.factors && static_cast<int>(blockIdx.y) >= a.factor[f].tiles) f++;
  const Factor &p = a.factor[f];
  Tile t;
  t.x = a.half, t.w = t.second = static_cast<const bf16 *>(p.weight), t.rows = a.rows, t.cols = p.cols, t.K = a.k;
  t.row0 = blockIdx.x * Tile::BM, t.col0 = (blockIdx.y - (f ? a.factor[f - 1].tiles : 0)) * Tile::BN;
  t.compute();
#pragma unroll
  for (int j = 0; j < Tile::BN / 8; j++)
#pragma unroll
    for (int e = 0; e < 4; e++) {
      int row = t.row0 + t.row(e & 2), col = t.col0 + t.col(j) + (e & 1);
      if (row >= a.rows || col >= p.cols) continue;
      float *to = p.out + static_cast<int64_t>(row) * p.apart + col;
      *to = p.add ? *to + t.acc[j][e] : t.acc[j][e];
    }
}

KERNEL(gated_wgmma, GatedArgs, wgmma_threads, 1) {
  using Tile = TileWGMMA<true>;
  Tile t;
  t.x = a.x, t.w = static_cast<const bf16 *>(a.gate), t.second = static_cast<const bf16 *>(a.up), t.rows = a.rows, t.cols = a.cols, t.K = a.k;
  t.row0 = blockIdx.x * Tile::BM, t.col0 = blockIdx.y * (Tile::BN / 2);
  t.compute();
#pragma unroll
  for (int j = 0; j < Tile::BN / 8; j += 2)
#pragma unroll
    for (int e = 0; e < 4; e += 2) {
      int c = t.col(j);
      gate_pair(a, t.row0 + t.row(e), t.col0 + c / 16 * 8 + c % 8, t.acc[j] + e, t.acc[j + 1] + e);
    }
}
