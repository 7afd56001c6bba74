// A tile of a product of bfloat16 on tensor cores: each output adds its steps
// of 16 along k in order, so that its bits depend on the device alone, not on
// the tile's shape or what else is in the batch. 256 threads.
#pragma once
#include "lle.cuh"

constexpr int bf16_threads = 256;

// TileBF16 is BM rows times BN weights; its 8 warps are WM by WN. Rows of BK
// values arrive in chunks of 16 bytes, whose places are swapped so that eight
// rows of one column lie in different banks.
// With a second weight the tile's columns are 8 of the one and 8 of the other
// by turns.
template <int BM, int BN, int WM, int WN, bool paired = false, int BK = 32, int stages = 4> struct TileBF16 {
  static constexpr int TM = BM / WM / 16, TN = BN / WN / 8; // products of a warp
  static constexpr int stage = (BM + BN) * BK;              // values
  static constexpr int shared = stages * stage * 2;         // bytes
  static_assert(WM * WN * warp_size == bf16_threads && BM % (16 * WM) == 0 && BN % (16 * WN) == 0, "warps");

  float acc[TM][TN][4];

  static __device__ __forceinline__ int place(int row, int chunk) { return row * BK + (chunk ^ (BK == 32 ? row >> 1 & 3 : row & 7)) * 8; }

  template <int rows, bool two> static __device__ __forceinline__ void fetch(bf16 *to, const bf16 *from, const bf16 *second, int row0, int all, int k0, int K) {
    // A thread's rows are 64 or 32 apart: all have one chunk, one place in
    // eight rows and, of two, one matrix.
    constexpr int chunks = BK / 8, apart = bf16_threads / chunks, sources = two ? apart / 2 : apart;
    static_assert(rows % apart == 0 && (BK == 32 || BK == 64), "rows");
    int row = threadIdx.x / chunks, chunk = threadIdx.x % chunks, k = k0 + chunk * 8, source = row0 + (two ? row / 16 * 8 + row % 8 : row);
    const bf16 *m = two && row / 8 % 2 ? second : from, *at = m + static_cast<int64_t>(source) * K + k;
    to += place(row, chunk);
#pragma unroll
    for (int i = 0; i < rows / apart; i++, at += sources * K) {
      bool valid = source + i * sources < all && k < K;
      cp_async16(to + i * apart * BK, valid ? at : m, valid);
    }
  }

  static __device__ __forceinline__ void begin(const bf16 *x, int row0, int rows, const bf16 *w, const bf16 *second, int col0, int cols, int step, int K) {
    bf16 *to = reinterpret_cast<bf16 *>(shared_memory()) + step % stages * stage;
    if (step * BK < K) {
      fetch<BM, false>(to, x, x, row0, rows, step * BK, K);
      fetch<BN, paired>(to + BM * BK, w, second, col0, cols, step * BK, K);
    }
    cp_async_commit(); // empty past the end, to keep count
  }

  // compute leaves the products of rows row0.. and weights col0.. in acc. K is
  // a multiple of 8. Shared memory is free when it returns.
  __device__ __forceinline__ void compute(const bf16 *x, int row0, int rows, const bf16 *w, int col0, int cols, int K, const bf16 *second = nullptr) {
    int lane = threadIdx.x % warp_size, warp = threadIdx.x / warp_size;
    int m0 = warp / WN * (BM / WM), n0 = warp % WN * (BN / WN);
#pragma unroll
    for (int i = 0; i < TM; i++)
#pragma unroll
      for (int j = 0; j < TN; j++)
#pragma unroll
        for (int e = 0; e < 4; e++) acc[i][j][e] = 0;
    for (int s = 0; s < stages - 1; s++) begin(x, row0, rows, w, second, col0, cols, s, K);
    int steps = ceil_div(K, BK);
    for (int step = 0; step < steps; step++) {
      cp_async_wait<stages - 2>();
      sync_block(); // this step is there, and the one before has been used
      begin(x, row0, rows, w, second, col0, cols, step + stages - 1, K);
      const bf16 *a = reinterpret_cast<const bf16 *>(shared_memory()) + step % stages * stage, *b = a + BM * BK;
#pragma unroll
      for (int kk = 0; kk < BK / 16; kk++) {
        uint32_t fa[TM][4], fb[TN / 2][4];
#pragma unroll
        for (int i = 0; i < TM; i++) ldmatrix_x4(fa[i], a + place(m0 + i * 16 + lane % 16, kk * 2 + lane / 16));
#pragma unroll
        for (int j = 0; j < TN / 2; j++)
          ldmatrix_x4(fb[j], b + place(n0 + j * 16 + lane % 8 + lane / 16 * 8, kk * 2 + lane / 8 % 2));
#pragma unroll
        for (int i = 0; i < TM; i++)
#pragma unroll
          for (int j = 0; j < TN; j++) mma_bf16(acc[i][j], fa[i], fb[j / 2][j % 2 * 2], fb[j / 2][j % 2 * 2 + 1]);
      }
    }
    cp_async_wait<0>();
    sync_block();
  }

  // row and col are where the first of outputs e, e+1 of product i, j lies; e
  // is 0 or 2.
  static __device__ __forceinline__ int row(int i, int e) {
    return threadIdx.x / warp_size / WN * (BM / WM) + i * 16 + threadIdx.x % warp_size / 4 + e * 4;
  }
  static __device__ __forceinline__ int col(int j) {
    return threadIdx.x / warp_size % WN * (BN / WN) + j * 8 + threadIdx.x % 4 * 2;
  }
};
