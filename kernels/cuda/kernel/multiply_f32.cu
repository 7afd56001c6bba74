// Products of floats, to the bit as package ref has them.
#include "args.h"
#include "tile_f32.cuh"

// multiply finds the block's factor and tile. Rows are in blockIdx.x, so that
// blocks that run at once share weights.
template <class Tile, int BM, int BN> __device__ __forceinline__ void multiply(const MultiplyArgs &a) {
  int f = 0;
  while (f + 1 < a.factors && blockIdx.y >= a.factor[f].tiles) f++;
  const Factor &p = a.factor[f];
  int row0 = blockIdx.x * BM, col0 = (blockIdx.y - (f ? a.factor[f - 1].tiles : 0)) * BN;
  Tile t;
  t.compute(a.x, row0, a.rows, p.weight, p.kind, col0, p.cols, a.k);
  for (int i = 0; i < Tile::TM; i++) {
    int row = row0 + t.row(i);
    if (row >= a.rows) continue;
    for (int j = 0; j < Tile::TN; j++) {
      int col = col0 + t.col(j);
      if (col >= p.cols) continue;
      float *to = p.out + static_cast<int64_t>(row) * p.apart + col;
      *to = p.add ? *to + t.acc[i][j] : t.acc[i][j];
    }
  }
}

KERNEL(multiply_f32_large, MultiplyArgs, f32_threads, 1) { multiply<TileF32<128, 128, 16, 16>, 128, 128>(a); }

// For few rows: more blocks, fewer rows that nobody asked for.
KERNEL(multiply_f32_small, MultiplyArgs, f32_threads, 1) { multiply<TileF32<16, 64, 8, 32>, 16, 64>(a); }
