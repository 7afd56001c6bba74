// The output weight, and what is wanted of each row of logits, which exist
// only in shared memory: a block has some rows and 256 tokens.
#include "args.h"
#include "score.cuh"
#include "tile_f32.cuh"

constexpr int score_rows = 32;
using ScoreTile = TileF32<score_rows, 256, 8, 32>;

KERNEL(score_f32, ScoreArgs, f32_threads, 1) {
  int row0 = blockIdx.x * score_rows, token0 = blockIdx.y * 256;
  ScoreTile t;
  t.compute(a.x, row0, a.rows, a.weight, a.kind, token0, a.vocabulary, a.k);
  float *logits = reinterpret_cast<float *>(shared_memory());
#pragma unroll
  for (int i = 0; i < ScoreTile::TM; i++)
#pragma unroll
    for (int j = 0; j < ScoreTile::TN; j++) logits[t.row(i) * 256 + t.col(j)] = capped(a, t.acc[i][j]);
  sync_block();
  for (int r = threadIdx.x / warp_size; r < score_rows && row0 + r < a.rows; r += f32_threads / warp_size)
    summarise(a, logits + r * 256, row0 + r, token0);
}

// ref.MergePeaks: a warp has a row.
constexpr int merge_warps = 4;
KERNEL(merge_peaks, MergeArgs, merge_warps *warp_size, 1) {
  int lane = threadIdx.x % warp_size, row = blockIdx.x * merge_warps + threadIdx.x / warp_size;
  if (row >= a.rows) return; // the whole warp
  const Peak *peaks = a.peaks + static_cast<int64_t>(row) * a.chunks;
  Peak whole{0, -__builtin_huge_valf(), 0};
  for (int c = lane; c < a.chunks; c += warp_size)
    if (peaks[c].max > whole.max) whole.max = peaks[c].max, whole.argmax = peaks[c].argmax;
  for (int h = warp_size / 2; h > 0; h /= 2) higher(whole.max, whole.argmax, warp_xor(whole.max, h), warp_xor(whole.argmax, h));
  for (int c0 = 0; c0 < a.chunks; c0 += warp_size) {
    int c = c0 + lane;
    double term = c < a.chunks ? peaks[c].sum * exp64_ref(static_cast<double>(peaks[c].max) - static_cast<double>(whole.max)) : 0.0;
    for (int i = 0; i < warp_size; i++) whole.sum += warp_from(term, i); // in order; zeros change nothing
  }
  if (lane == 0) a.whole[row] = whole;
}
