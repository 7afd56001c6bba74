// As multiply_bf16.cu, for compute capability 9.0.
#include "gated.cuh"
#include "product.cuh"
#include "tile_wgmma.cuh"

KERNEL(multiply_wgmma, MultiplyArgs, wgmma_threads, 1) {
  using Tile = TileWGMMA<>;
  Tile t;
  const Factor &p = factor_of(a, Tile::BN, t.col0);
  t.x = a.half, t.w = t.second = static_cast<const bf16 *>(p.weight), t.rows = a.rows, t.cols = p.cols, t.K = a.k;
  t.row0 = blockIdx.x * Tile::BM;
  t.compute();
#pragma unroll
  for (int j = 0; j < Tile::BN / 8; j++)
#pragma unroll
    for (int e = 0; e < 4; e += 2) put_pair(p, a.rows, t.row0 + t.row(e), t.col0 + t.col(j), t.acc[j] + e);
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
