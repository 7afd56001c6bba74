// As score_bf16.cu for a few rows, with weights as the file has them, for
// decoding.
#include "score.cuh"
#include "tile_direct.cuh"

KERNEL(score_direct, ScoreArgs, direct_threads, 1) {
  constexpr int parts = 256 / TileDirect::BN;
  float acc[parts][2][4] = {};
  TileDirect t;
  t.x = a.half, t.weights = static_cast<const char *>(a.weight), t.second = nullptr, t.kind = a.kind;
  t.row0 = blockIdx.x * TileDirect::BM, t.rows = a.rows, t.cols = a.vocabulary, t.K = a.k;
#pragma unroll 1
  for (int now = 0; now < parts; now++) {
    t.col0 = blockIdx.y * 256 + now * TileDirect::BN;
    t.compute();
#pragma unroll
    for (int p = 0; p < parts; p++) // acc[now], but in registers
#pragma unroll
      for (int j = 0; j < 2; j++)
#pragma unroll
        for (int e = 0; e < 4; e++) acc[p][j][e] = p == now ? t.acc[j][e] : acc[p][j][e];
  }
  float *logits = reinterpret_cast<float *>(shared_memory());
#pragma unroll
  for (int p = 0; p < parts; p++)
#pragma unroll
    for (int j = 0; j < 2; j++)
#pragma unroll
      for (int e = 0; e < 4; e++) logits[t.row(e & 2) * 256 + p * TileDirect::BN + t.col(j) + (e & 1)] = capped(a, acc[p][j][e]);
  sync_block();
  for (int r = threadIdx.x / warp_size; r < TileDirect::BM && t.row0 + r < a.rows; r += direct_threads / warp_size)
    summarise(a, logits + r * 256, t.row0 + r, blockIdx.y * 256);
}
