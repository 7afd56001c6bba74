// Rotary positions, to the bit as package ref has them.
#pragma once
#include "lle.cuh"

constexpr int most_pairs = 256 / 2 / warp_size; // of a lane

// rotate_head turns a head, x, by a row of the table and gives each value of
// it to put, which may write to x. A warp does it.
template <class Put> __device__ __forceinline__ void rotate_head(const float *x, const float *table, int turned, bool halves, Put put) {
  int pairs = turned / 2, lane = threadIdx.x % warp_size;
  float first[most_pairs], second[most_pairs];
#pragma unroll
  for (int i = 0; i < most_pairs; i++) {
    int pair = lane + i * warp_size;
    if (pair >= pairs) continue;
    first[i] = x[halves ? pair : 2 * pair];
    second[i] = x[halves ? pairs + pair : 2 * pair + 1];
  }
  sync_warp(); // all has been read
#pragma unroll
  for (int i = 0; i < most_pairs; i++) {
    int pair = lane + i * warp_size;
    if (pair >= pairs) continue;
    put(2 * pair, first[i] * table[2 * pair] - second[i] * table[turned + 2 * pair]);
    put(2 * pair + 1, second[i] * table[2 * pair + 1] + first[i] * table[turned + 2 * pair + 1]);
  }
}
