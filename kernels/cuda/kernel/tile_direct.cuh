// Products of a few rows with weights that are read as the file has them, for
// decoding, where reading weights is what takes time. A weight becomes
// bfloat16 on the way, and is multiplied as TileBF16 does it, steps of 16 in
// order, so that a row has the same bits here and there. 128 threads.
#pragma once
#include "dequant.cuh"

constexpr int direct_threads = 128;

struct TileDirect {
  static constexpr int BM = 32, BN = 32, stages = 3;
  static constexpr int most = 256;  // weights of a row in a stage
  static constexpr int pitch = 304; // bytes from row to row; 256 weights take up to 288
  static constexpr int shared = stages * (BM * most * 2 + BN * pitch) + BN * most * 2;

  float acc[2][4]; // of the warp's 16 rows and 16 weights

  const bf16 *x;
  const char *weights, *second; // with a second one columns are 8 of the one and 8 of the other by turns
  int row0, rows, col0, cols, K, kind;
  int depth, unit, bytes, piece; // of a stage, of a block, of a copy
  int64_t stride;

  static __device__ __forceinline__ int place(int row, int chunk) { return row * most + (chunk ^ (row & 7)) * 8; }
  static __device__ __forceinline__ bf16 *stage_x(int step) { return reinterpret_cast<bf16 *>(shared_memory()) + step % stages * BM * most; }
  static __device__ __forceinline__ char *stage_w(int step) { return shared_memory() + stages * BM * most * 2 + step % stages * BN * pitch; }
  static __device__ __forceinline__ bf16 *tile() { return reinterpret_cast<bf16 *>(shared_memory() + stages * (BM * most * 2 + BN * pitch)); }

  // source is the row of a weight that is row r of the tile.
  __device__ __forceinline__ int source(int r) const { return col0 + (second ? r / 16 * 8 + r % 8 : r); }

  __device__ __forceinline__ int weights_of(int step) const { return K - step * depth < depth ? K - step * depth : depth; }

  __device__ __forceinline__ void begin(int step) const {
    if (step * depth < K) {
      int lane = threadIdx.x % warp_size, warp = threadIdx.x / warp_size;
      int n = weights_of(step), k0 = step * depth, size = n / unit * bytes;
      for (int r = warp; r < BM; r += direct_threads / warp_size) {
        int k = lane * 8; // a warp has the 256 values of a row
        bool valid = row0 + r < rows && k < n;
        if (k < depth) cp_async16(stage_x(step) + place(r, lane), valid ? x + static_cast<int64_t>(row0 + r) * K + k0 + k : x, valid);
      }
      for (int r = warp; r < BN; r += direct_threads / warp_size) {
        if (source(r) >= cols) continue;
        const char *from = (second && r / 8 % 2 ? second : weights) + source(r) * stride + static_cast<int64_t>(k0 / unit) * bytes;
        char *to = stage_w(step) + r * pitch;
        if (piece == 16)
          for (int at = lane * 16; at < size; at += warp_size * 16) cp_async16(to + at, from + at, true);
        else
          for (int at = lane * 4; at < size; at += warp_size * 4) cp_async4(to + at, from + at);
      }
    }
    cp_async_commit(); // empty past the end, to keep count
  }

  // decode makes a stage's weights bfloat16, zeros past the end.
  __device__ __forceinline__ void decode(int step) const {
    int lane = threadIdx.x % warp_size, n = weights_of(step), k = lane * 8;
    for (int r = threadIdx.x / warp_size; r < BN; r += direct_threads / warp_size) {
      uint4 packed = {0, 0, 0, 0};
      if (k < n && source(r) < cols) {
        float w[8];
        widen_run<8>(w, stage_w(step) + r * pitch, kind, k);
        packed = {pack_bf16(w[0], w[1]), pack_bf16(w[2], w[3]), pack_bf16(w[4], w[5]), pack_bf16(w[6], w[7])};
      }
      *reinterpret_cast<uint4 *>(tile() + place(r, lane)) = packed;
    }
  }

  // compute leaves the products in acc. K is a multiple of 8.
  __device__ __forceinline__ void compute() {
    int lane = threadIdx.x % warp_size, warp = threadIdx.x / warp_size, m0 = warp / 2 * 16, n0 = warp % 2 * 16;
    depth = kind == kind_f32 ? 64 : kind == kind_f16 || kind == kind_bf16 ? 128 : 256;
    unit = unit_of(kind), bytes = bytes_of(kind), stride = row_bytes(kind, K);
    piece = stride % 16 == 0 && depth / unit * bytes % 16 == 0 ? 16 : 4;
#pragma unroll
    for (int j = 0; j < 2; j++)
#pragma unroll
      for (int e = 0; e < 4; e++) acc[j][e] = 0;
    for (int s = 0; s < stages - 1; s++) begin(s);
    int steps = ceil_div(K, depth);
    for (int step = 0; step < steps; step++) {
      cp_async_wait<stages - 2>();
      sync_block(); // this stage is there, and the tile has been used
      begin(step + stages - 1);
      decode(step);
      sync_block();
      const bf16 *a = stage_x(step), *b = tile();
      int parts = ceil_div(weights_of(step), 16);
      for (int kk = 0; kk < parts; kk++) {
        uint32_t fa[4], fb[4];
        ldmatrix_x4(fa, a + place(m0 + lane % 16, kk * 2 + lane / 16));
        ldmatrix_x4(fb, b + place(n0 + lane % 8 + lane / 16 * 8, kk * 2 + lane / 8 % 2));
        mma_bf16(acc[0], fa, fb[0], fb[1]);
        mma_bf16(acc[1], fa, fb[2], fb[3]);
      }
    }
    cp_async_wait<0>();
    sync_block();
  }

  // row and col are where outputs e, e+1 of product j lie; e is 0 or 2.
  static __device__ __forceinline__ int row(int e) { return threadIdx.x / warp_size / 2 * 16 + threadIdx.x % warp_size / 4 + e * 4; }
  static __device__ __forceinline__ int col(int j) { return threadIdx.x / warp_size % 2 * 16 + j * 8 + threadIdx.x % 4 * 2; }
};
