// A tile of a product of floats: each output is one chain of fused
// multiply-adds in the order of k, as package ref defines, whatever the tile's
// shape. 256 threads.
#pragma once
#include "exact.cuh"

constexpr int f32_threads = 256;

// TileF32 is BM rows times BN weights; TY*TX threads have BM/TY by BN/TX
// outputs each. Rows and weights wait in shared memory, k by k, two steps of 16.
template <int BM, int BN, int TY, int TX> struct TileF32 {
  static constexpr int BK = 16, TM = BM / TY, TN = BN / TX;
  static constexpr int LA = BM + 4, LB = BN + 4; // apart, against bank conflicts
  static constexpr int stage = BK * (LA + LB);
  static constexpr int shared = 2 * stage * 4; // bytes
  static constexpr int loads_a = ceil_div(BM * BK / 4, f32_threads), loads_b = ceil_div(BN * BK / 4, f32_threads);
  static_assert(TY * TX == f32_threads && BM % TY == 0 && BN % TX == 0, "threads");

  float acc[TM][TN];
  float next_a[loads_a][4], next_b[loads_b][4];

  // row and col are where output i, j of this thread lies: runs of up to four,
  // TY or TX runs apart.
  static __device__ __forceinline__ int place(int i, int thread, int threads, int each) {
    constexpr int run = 4;
    if (each < run) return thread * each + i;
    return i / run * run * threads + thread * run + i % run;
  }
  static __device__ __forceinline__ int row(int i) { return place(i, threadIdx.x / TX, TY, TM); }
  static __device__ __forceinline__ int col(int j) { return place(j, threadIdx.x % TX, TX, TN); }

  static __device__ __forceinline__ void load(float out[4], const void *m, int kind, int row, int rows, int k, int K) {
    if (row < rows && k + 4 <= K && K % 4 == 0) return widen_run<4>(out, static_cast<const char *>(m) + row * row_bytes(kind, K), kind, k);
    int64_t at = static_cast<int64_t>(row) * K + k;
#pragma unroll
    for (int i = 0; i < 4; i++) out[i] = row < rows && k + i < K ? widen(m, kind, at + i) : 0.0f;
  }

  __device__ __forceinline__ void fetch(const float *x, int row0, int rows, const void *w, int kind, int col0, int cols, int k0, int K) {
#pragma unroll
    for (int i = 0; i < loads_a; i++) {
      int at = threadIdx.x + i * f32_threads;
      if (at < BM * BK / 4) load(next_a[i], x, kind_f32, row0 + at / (BK / 4), rows, k0 + at % (BK / 4) * 4, K);
    }
#pragma unroll
    for (int i = 0; i < loads_b; i++) {
      int at = threadIdx.x + i * f32_threads;
      if (at < BN * BK / 4) load(next_b[i], w, kind, col0 + at / (BK / 4), cols, k0 + at % (BK / 4) * 4, K);
    }
  }

  __device__ __forceinline__ void put(float *to) {
#pragma unroll
    for (int i = 0; i < loads_a; i++) {
      int at = threadIdx.x + i * f32_threads;
      if (at < BM * BK / 4)
#pragma unroll
        for (int j = 0; j < 4; j++) to[(at % (BK / 4) * 4 + j) * LA + at / (BK / 4)] = next_a[i][j];
    }
#pragma unroll
    for (int i = 0; i < loads_b; i++) {
      int at = threadIdx.x + i * f32_threads;
      if (at < BN * BK / 4)
#pragma unroll
        for (int j = 0; j < 4; j++) to[BK * LA + (at % (BK / 4) * 4 + j) * LB + at / (BK / 4)] = next_b[i][j];
    }
  }

  // compute leaves the products of rows row0.. and weights col0.. in acc.
  // Threads may still read shared memory when it returns.
  __device__ __forceinline__ void compute(const float *x, int row0, int rows, const void *w, int kind, int col0, int cols, int K) {
    float *memory = reinterpret_cast<float *>(shared_memory());
    for (int i = 0; i < TM; i++)
      for (int j = 0; j < TN; j++) acc[i][j] = 0;
    fetch(x, row0, rows, w, kind, col0, cols, 0, K);
    put(memory);
    sync_block();
    int now = 0;
    for (int k0 = 0; k0 < K; k0 += BK) {
      bool more = k0 + BK < K;
      if (more) fetch(x, row0, rows, w, kind, col0, cols, k0 + BK, K);
      const float *from = memory + now * stage;
#pragma unroll
      for (int k = 0; k < BK; k++) {
        float fa[TM], fb[TN];
#pragma unroll
        for (int i = 0; i < TM; i++) fa[i] = from[k * LA + row(i)];
#pragma unroll
        for (int j = 0; j < TN; j++) fb[j] = from[BK * LA + k * LB + col(j)];
#pragma unroll
        for (int i = 0; i < TM; i++)
#pragma unroll
          for (int j = 0; j < TN; j++) acc[i][j] = fma_rn(fa[i], fb[j], acc[i][j]);
      }
      now ^= 1;
      if (more) put(memory + now * stage); // everybody has left this stage
      sync_block();
    }
  }
};
