// Products of a few rows in bfloat16 with weights of any format.
#include "gated.cuh"
#include "product.cuh"
#include "tile_direct.cuh"

KERNEL(multiply_direct, MultiplyArgs, direct_threads, 1) {
  TileDirect t;
  const Factor &p = factor_of(a, TileDirect::BN, t.col0);
  t.x = a.half, t.weights = static_cast<const char *>(p.weight), t.second = nullptr, t.kind = p.kind;
  t.row0 = blockIdx.x * TileDirect::BM, t.rows = a.rows, t.cols = p.cols, t.K = a.k;
  t.compute();
#pragma unroll
  for (int j = 0; j < 2; j++)
#pragma unroll
    for (int e = 0; e < 4; e += 2) put_pair(p, a.rows, t.row0 + t.row(e), t.col0 + t.col(j), t.acc[j] + e);
}

// As gated_bf16, which has the same bits.
KERNEL(gated_direct, GatedArgs, direct_threads, 1) {
  TileDirect t;
  t.x = a.x, t.weights = static_cast<const char *>(a.gate), t.second = static_cast<const char *>(a.up), t.kind = a.kind;
  t.row0 = blockIdx.x * TileDirect::BM, t.rows = a.rows, t.col0 = blockIdx.y * 16, t.cols = a.cols, t.K = a.k;
  t.compute();
#pragma unroll
  for (int e = 0; e < 4; e += 2) {
    int c = t.col(0);
    gate_pair(a, t.row0 + t.row(e), t.col0 + c / 16 * 8 + c % 8, t.acc[0] + e, t.acc[1] + e);
  }
}
