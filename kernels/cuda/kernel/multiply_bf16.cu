// Products of bfloat16 with sums in floats.
#include "gated.cuh"
#include "product.cuh"
#include "tile_bf16.cuh"

template <class Tile, int BM, int BN> __device__ __forceinline__ void multiply(const MultiplyArgs &a) {
  int row0 = blockIdx.x * BM, col0;
  const Factor &p = factor_of(a, BN, col0);
  Tile t;
  t.compute(a.half, row0, a.rows, static_cast<const bf16 *>(p.weight), col0, p.cols, a.k);
#pragma unroll
  for (int i = 0; i < Tile::TM; i++)
#pragma unroll
    for (int j = 0; j < Tile::TN; j++)
#pragma unroll
      for (int e = 0; e < 4; e += 2) put_pair(p, a.rows, row0 + t.row(i, e), col0 + t.col(j), t.acc[i][j] + e);
}

// gated is gate and up together: what is between exists in registers only.
template <class Tile, int BM, int BN> __device__ __forceinline__ void gated(const GatedArgs &a) {
  int row0 = blockIdx.x * BM, col0 = blockIdx.y * (BN / 2);
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

KERNEL(multiply_bf16_large, MultiplyArgs, bf16_threads, 1) { multiply<TileBF16<128, 128, 2, 4>, 128, 128>(a); }
KERNEL(gated_bf16_large, GatedArgs, bf16_threads, 1) { gated<TileBF16<128, 128, 2, 4, true>, 128, 128>(a); }

// For up to 64 rows, where reading weights is what takes time: few rows of a
// tile are nobody's, and much of the weights is on its way at once.
KERNEL(multiply_bf16_small, MultiplyArgs, bf16_threads, 1) { multiply<TileBF16<64, 64, 2, 4, false, 64, 6>, 64, 64>(a); }
KERNEL(gated_bf16_small, GatedArgs, bf16_threads, 1) { gated<TileBF16<64, 64, 2, 4, true, 64, 6>, 64, 64>(a); }
