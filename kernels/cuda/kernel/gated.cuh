// The functions of gates, to the bit as package ref has them.
#pragma once
#include "exact.cuh"

struct SiLU {
  __device__ __forceinline__ float operator()(float x) const { return x / (1.0f + exp_ref(-x)); }
};

// The constants are those of ref.GELUExponent.
struct GELU {
  __device__ __forceinline__ float operator()(float x) const {
    float t = -1.5957691216057308f * fma_rn(0.044715f * x, x * x, x);
    return x / (1.0f + exp_ref(t));
  }
};

// gate_pair writes two neighbouring values of f(gate)*up.
__device__ __forceinline__ void gate_pair(const GatedArgs &a, int row, int col, const float gate[2], const float up[2]) {
  if (row >= a.rows || col >= a.cols) return;
  float y[2];
#pragma unroll
  for (int i = 0; i < 2; i++) y[i] = (a.gelu ? GELU()(gate[i]) : SiLU()(gate[i])) * up[i];
  *reinterpret_cast<uint32_t *>(a.half + static_cast<int64_t>(row) * a.cols + col) = pack_bf16(y[0], y[1]);
}
