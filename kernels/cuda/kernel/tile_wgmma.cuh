// As TileBF16, for compute capability 9.0: two warpgroups have 64 rows each and
// 256 weights. Each output adds steps of 16 along k in order.
#pragma once
#include "wgmma.cuh"

constexpr int wgmma_threads = 256;

template <bool paired = false> struct TileWGMMA {
  static constexpr int BM = 128, BN = 256, BK = 64, stages = 4;
  static constexpr int stage = (BM + BN) * BK;      // values
  static constexpr int shared = stages * stage * 2; // bytes

  float acc[BN / 8][4]; // sums as of mma_bf16, for columns 8j

  const bf16 *x, *w, *second;
  int row0, rows, col0, cols, K;

  template <int n, bool two> __device__ __forceinline__ void fetch(bf16 *to, const bf16 *from, const bf16 *other, int first, int all, int k0) const {
    // A thread's rows are 32 apart: all have one chunk, one place in eight
    // rows and, of two, one matrix.
    constexpr int apart = wgmma_threads / 8, sources = two ? apart / 2 : apart;
    int row = threadIdx.x / 8, chunk = threadIdx.x % 8, k = k0 + chunk * 8, source = first + (two ? row / 16 * 8 + row % 8 : row);
    const bf16 *m = two && row / 8 % 2 ? other : from, *at = m + static_cast<int64_t>(source) * K + k;
    to += wgmma_place(row, chunk);
#pragma unroll
    for (int i = 0; i < n / apart; i++, at += sources * K) {
      bool valid = source + i * sources < all && k < K;
      cp_async16(to + i * apart * BK, valid ? at : m, valid);
    }
  }

  static __device__ __forceinline__ bf16 *memory(int step) { return reinterpret_cast<bf16 *>(shared_memory()) + step % stages * stage; }

  __device__ __forceinline__ void begin(int step) const {
    if (step * BK < K) {
      fetch<BM, false>(memory(step), x, x, row0, rows, step * BK);
      fetch<BN, paired>(memory(step) + BM * BK, w, second, col0, cols, step * BK);
    }
    cp_async_commit(); // empty past the end, to keep count
  }

  // compute leaves the products in acc. K is a multiple of 8.
  __device__ __forceinline__ void compute() {
    int group = threadIdx.x / 128;
#pragma unroll
    for (int j = 0; j < BN / 8; j++)
#pragma unroll
      for (int e = 0; e < 4; e++) acc[j][e] = 0;
    for (int s = 0; s < stages - 1; s++) begin(s);
    cp_async_wait<stages - 2>();
    shared_fence();
    sync_block(); // the first stage is there
    int steps = ceil_div(K, BK);
    for (int step = 0; step < steps; step++) {
      const bf16 *a = memory(step) + group * 64 * BK, *b = memory(step) + BM * BK;
      wgmma_fence();
#pragma unroll
      for (int kk = 0; kk < BK / 16; kk++) wgmma_bf16(&acc[0][0], a, b, kk);
      wgmma_commit();
      wgmma_wait<1>(); // the step before has used its stage
      cp_async_wait<stages - 3>();
      shared_fence();
      sync_block(); // for everybody, and the next stage is there
      begin(step + stages - 1);
    }
    wgmma_wait<0>();
    cp_async_wait<0>();
  }

  // row and col are where the first of outputs e, e+1 of column pair j lies; e
  // is 0 or 2.
  static __device__ __forceinline__ int row(int e) { return threadIdx.x / warp_size * 16 + threadIdx.x % warp_size / 4 + e * 4; }
  static __device__ __forceinline__ int col(int j) { return j * 8 + threadIdx.x % 4 * 2; }
};
