// Functions whose bits package ref defines.
#pragma once
#include "dequant.cuh"

// exp_ref is ref.Exp.
__device__ __forceinline__ float exp_ref(float x) {
  if (x < -87.0f) return 0;
  if (x > 88.0f) return float_of(0x7f800000);
  if (x != x) return x;
  constexpr float magic = 12582912.0f; // 1.5*2^23
  float t = fma_rn(x, 1.44269504088896341f, magic);
  float n = t - magic;
  float r = fma_rn(n, -0.693359375f, x);
  r = fma_rn(n, 2.12194440e-4f, r);
  float p = 1.9875691500e-4f;
  p = fma_rn(p, r, 1.3981999507e-3f);
  p = fma_rn(p, r, 8.3334519073e-3f);
  p = fma_rn(p, r, 4.1665795894e-2f);
  p = fma_rn(p, r, 1.6666665459e-1f);
  p = fma_rn(p, r, 5.0000001201e-1f);
  p = fma_rn(p, r * r, r);
  p = p + 1.0f;
  return p * float_of(((bits_of(t) - bits_of(magic)) << 23) + (127u << 23));
}

// tanh_ref is ref.Tanh.
__device__ __forceinline__ float tanh_ref(float x) {
  float size = float_of(bits_of(x) & 0x7fffffffu);
  if (size < 0.625f) {
    float z = x * x;
    float p = -5.70498872745e-3f;
    p = fma_rn(p, z, 2.06390887954e-2f);
    p = fma_rn(p, z, -5.37397155531e-2f);
    p = fma_rn(p, z, 1.33314422036e-1f);
    p = fma_rn(p, z, -3.33332819422e-1f);
    return fma_rn(p * z, x, x);
  }
  float t = 1.0f - 2.0f / (exp_ref(2.0f * size) + 1.0f);
  return x < 0 ? -t : t;
}

// soft_cap is ref.SoftCap of one value.
__device__ __forceinline__ float soft_cap(float x, float scale, float limit) { return limit * tanh_ref(x * scale / limit); }

// exp64_ref is ref.Exp64 for x of at most 0.
__device__ inline double exp64_ref(double x) {
  if (x < -708) return 0;
  constexpr double log2_e = 1.44269504088896340735992468100189214;
  double n = floor(x * log2_e + 0.5);
  double r = (x - n * 6.93147180369123816490e-01) - n * 1.90821492927058770002e-10;
  double sum = 1;
  for (int k = 13; k > 0; k--) sum = sum * r / static_cast<double>(k) + 1.0;
  return ldexp(sum, static_cast<int>(n));
}
