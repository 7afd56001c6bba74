// Summaries of logits, to the bit as package ref has them.
#pragma once
#include "exact.cuh"

// higher keeps the higher of two logits, the lower token among equals.
__device__ __forceinline__ void higher(float &max, int &argmax, float other, int token) {
  if (other > max || (other == max && token < argmax)) max = other, argmax = token;
}

// capped is a logit as the model defines it.
__device__ __forceinline__ float capped(const ScoreArgs &a, float x) { return a.limit > 0 ? soft_cap(x, 1.0f, a.limit) : x; }

// summarise is ref.ChunkPeak of the 256 logits of a row from token0 on, fewer
// at the end of the vocabulary, and writes the targets among them. A warp does
// it.
__device__ __forceinline__ void summarise(const ScoreArgs &a, const float *logits, int row, int token0) {
  int lane = threadIdx.x % warp_size, n = a.vocabulary - token0;
  n = n < 256 ? n : 256;
  float max = -__builtin_huge_valf();
  int argmax = token0;
  for (int i = lane; i < n; i += warp_size)
    if (logits[i] > max) max = logits[i], argmax = token0 + i;
  for (int h = warp_size / 2; h > 0; h /= 2) higher(max, argmax, warp_xor(max, h), warp_xor(argmax, h));
  // Partial sum l has tokens l, l+8, ... in order; then by halves. Lanes of
  // the same l do the same.
  double part = 0;
  for (int i = lane % 8; i < n; i += 8) part += static_cast<double>(exp_ref(logits[i] - max));
  for (int h = 4; h > 0; h /= 2) part += warp_xor(part, h);
  if (lane == 0) a.peaks[static_cast<int64_t>(row) * ceil_div(a.vocabulary, 256) + token0 / 256] = {part, max, argmax};
  for (int i = a.first[row] + lane; i < a.first[row + 1]; i += warp_size) {
    int t = a.targets[i] - token0;
    if (t >= 0 && t < n) a.logits[i] = logits[t];
  }
  if (a.all && a.all[row])
    for (int i = lane; i < n; i += warp_size) a.all[row][token0 + i] = logits[i];
}
