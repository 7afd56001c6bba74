// What kernels are written with. On a GPU it is CUDA and PTX, on the host the
// emulator: kernels include only this and use neither by themselves.
#pragma once
#ifdef __CUDACC__
#include "ptx.cuh"
#else
#include "../emu/emu.h"
#endif

using bf16 = uint16_t; // bits
using f16 = uint16_t;

constexpr int warp_size = 32;

__device__ __forceinline__ float float_of_bf16(bf16 h) { return float_of(static_cast<uint32_t>(h) << 16); }

// ceil_div rounds a quotient up.
__device__ __forceinline__ constexpr int ceil_div(int n, int by) { return (n + by - 1) / by; }

// tanh_fast is off by about 1e-7.
__device__ __forceinline__ float tanh_fast(float x) { return 1.0f - 2.0f / (1.0f + exp2_fast(x * 2.88539008f)); }
