// As score_f32.cu, with factors in bfloat16.
#include "args.h"
#include "score.cuh"
#include "tile_bf16.cuh"

constexpr int score_rows = 64;
using ScoreTile = TileBF16<score_rows, 256, 1, 8>;

KERNEL(score_bf16, ScoreArgs, bf16_threads, 1) {
  int row0 = blockIdx.x * score_rows, within = blockIdx.y * 256, token0 = a.chunk * 256 + within;
  ScoreTile t;
  t.compute(a.half, row0, a.rows, static_cast<const bf16 *>(a.weight), within, a.vocabulary - a.chunk * 256, a.k);
  float *logits = reinterpret_cast<float *>(shared_memory());
#pragma unroll
  for (int i = 0; i < ScoreTile::TM; i++)
#pragma unroll
    for (int j = 0; j < ScoreTile::TN; j++)
#pragma unroll
      for (int e = 0; e < 4; e++) logits[t.row(i, e & 2) * 256 + t.col(j) + (e & 1)] = capped(a, t.acc[i][j][e]);
  sync_block();
  for (int r = threadIdx.x / warp_size; r < score_rows && row0 + r < a.rows; r += bf16_threads / warp_size)
    summarise(a, logits + r * 256, row0 + r, token0);
}
