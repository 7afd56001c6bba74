// Weights of every format as floats, to the bit as package quant decodes them.
// Blocks lie as in files, but for padding that makes them multiples of 4 bytes
// and their codes begin at one; weight.go has the layouts.
#pragma once
#include "codebook.cuh"

// unit_of is how many weights share a block, bytes_of what a block takes.
__device__ __forceinline__ int unit_of(int kind) {
  return kind <= kind_e5m2 ? 1 : kind < kind_q2_k ? 32 : kind == kind_nvfp4 ? 64 : kind == kind_q1_0 ? 128 : 256;
}
__device__ __forceinline__ int bytes_of(int kind) {
  switch (kind) {
  case kind_f32: return 4;
  case kind_f16: case kind_bf16: return 2;
  case kind_e4m3: case kind_e5m2: return 1;
  case kind_q5_0: case kind_q5_1: return 24;
  case kind_q8_0: case kind_e4m3_s: case kind_e5m2_s: return 36;
  case kind_q2_k: return 84;
  case kind_q3_k: return 112;
  case kind_q4_k: return 144;
  case kind_q5_k: return 176;
  case kind_q6_k: return 212;
  case kind_iq4_xs: return 136;
  case kind_iq2_xxs: case kind_tq2_0: return 68;
  case kind_iq2_xs: return 76;
  case kind_iq2_s: return 84;
  case kind_iq3_xxs: return 100;
  case kind_iq3_s: return 112;
  case kind_iq1_s: return 52;
  case kind_iq1_m: case kind_tq1_0: return 56;
  case kind_nvfp4: return 36;
  default: return 20; // q4_0, q4_1, iq4_nl, mxfp4, q1_0
  }
}

// row_bytes is what a row of k weights takes.
__device__ __forceinline__ int64_t row_bytes(int kind, int k) { return static_cast<int64_t>(k / unit_of(kind)) * bytes_of(kind); }

// Codes are N neighbouring bytes, N a multiple of 4.
template <int N> struct Codes {
  uint32_t words[N / 4];
  __device__ __forceinline__ explicit Codes(const char *at) {
#pragma unroll
    for (int i = 0; i < N / 4; i++) words[i] = reinterpret_cast<const uint32_t *>(at)[i];
  }
  __device__ __forceinline__ int operator[](int i) const { return words[i / 4] >> (i % 4 * 8) & 255; }
};

__device__ __forceinline__ int byte_at(const char *at) { return static_cast<uint8_t>(*at); }
__device__ __forceinline__ float f16_at(const char *at) { return float_of_f16(*reinterpret_cast<const f16 *>(at)); }
__device__ __forceinline__ int signed_byte(int code) { return static_cast<int8_t>(code); }

// entry returns the code-th of sixteen signed bytes.
__device__ __forceinline__ float entry(uint64_t low, uint64_t high, int code) {
  return static_cast<float>(signed_byte(static_cast<int>((code & 8 ? high : low) >> (code & 7) * 8 & 255)));
}
__device__ __forceinline__ float nonlinear(int code) { return entry(0xf6eaddcfbfad9881, 0x7159453526190d01, code); } // quant.Nonlinear
__device__ __forceinline__ float fp4(int code) { return entry(0x0c08060403020100, 0xf4f8fafcfdfeff00, code); }       // twice E2M1

// unsigned_e4m3 is the value of the lower seven bits, 480 if all are set.
__device__ __forceinline__ float unsigned_e4m3(int code) {
  uint32_t exponent = code >> 3 & 15, mantissa = code & 7;
  return exponent ? float_of((exponent + 120) << 23 | mantissa << 20) : static_cast<float>(mantissa) * 0.001953125f;
}
__device__ __forceinline__ float float_of_e4m3(int code) {
  float x = unsigned_e4m3(code);
  if ((code & 127) == 127) x = float_of(0x7fc00000);
  return float_of(bits_of(x) | static_cast<uint32_t>(code & 128) << 24);
}
__device__ __forceinline__ float float_of_e5m2(int code) { return float_of_f16(static_cast<f16>(code << 8)); }

// scale_min unpacks the j-th of eight scales and minima of Q4_K and Q5_K.
__device__ __forceinline__ void scale_min(const char *packed, int j, int &scale, int &minimum) {
  int a = byte_at(packed + j), b = byte_at(packed + j + 4), c = byte_at(packed + (j < 4 ? 0 : j - 4));
  scale = j < 4 ? a & 63 : (b & 15) | c >> 6 << 4;
  minimum = j < 4 ? b & 63 : b >> 4 | a >> 6 << 4;
}

// part returns some bits of a code.
__device__ __forceinline__ int part(int code, int shift, int mask) { return code >> shift & mask; }

// dequant returns the N weights from the k-th of a block on; N is 4 or 8, k a
// multiple of it.
template <int N> __device__ __forceinline__ void dequant(float out[N], const char *block, int kind, int k) {
  if (kind > kind_iq4_xs && kind != kind_nvfp4) return dequant_book<N>(out, block, kind, k);
  float scale = 0, minimum = 0; // weight = scale*code - minimum
  int codes[N];
  switch (kind) {
  case kind_q4_0: case kind_iq4_nl: case kind_mxfp4: {
    Codes<N> q(block + 4 + k % 16);
    float d = f16_at(block);
    if (kind == kind_mxfp4) {
      uint32_t e = byte_at(block);
      d = float_of(e < 2 ? 0x00200000u << e : (e - 1) << 23);
    }
#pragma unroll
    for (int i = 0; i < N; i++) {
      int code = part(q[i], k / 16 * 4, 15);
      out[i] = d * (kind == kind_q4_0 ? static_cast<float>(code - 8) : kind == kind_iq4_nl ? nonlinear(code) : fp4(code));
    }
    return;
  }
  case kind_nvfp4: {
    int sub = k / 16, code = byte_at(block + sub);
    Codes<N> q(block + 4 + sub * 8 + k % 8);
    float d = code == 127 ? 0.0f : unsigned_e4m3(code) * 0.5f;
#pragma unroll
    for (int i = 0; i < N; i++) out[i] = d * fp4(part(q[i], k % 16 / 8 * 4, 15));
    return;
  }
  case kind_q4_1: {
    Codes<N> q(block + 4 + k % 16);
    scale = f16_at(block), minimum = -f16_at(block + 2);
#pragma unroll
    for (int i = 0; i < N; i++) codes[i] = part(q[i], k / 16 * 4, 15);
    break;
  }
  case kind_q5_0: case kind_q5_1: {
    Codes<N> q(block + 8 + k % 16);
    Codes<4> fifth(block + 4);
    scale = f16_at(block);
    if (kind == kind_q5_1) minimum = -f16_at(block + 2);
#pragma unroll
    for (int i = 0; i < N; i++) {
      int top = fifth.words[0] >> (k + i) & 1;
      codes[i] = part(q[i], k / 16 * 4, 15) + top * 16 - (kind == kind_q5_0 ? 16 : 0);
    }
    break;
  }
  case kind_q8_0: {
    Codes<N> q(block + 4 + k);
    scale = f16_at(block);
#pragma unroll
    for (int i = 0; i < N; i++) codes[i] = signed_byte(q[i]);
    break;
  }
  case kind_e4m3_s: case kind_e5m2_s: {
    Codes<N> q(block + 4 + k);
    float d = *reinterpret_cast<const float *>(block);
#pragma unroll
    for (int i = 0; i < N; i++) out[i] = (kind == kind_e4m3_s ? float_of_e4m3(q[i]) : float_of_e5m2(q[i])) * d;
    return;
  }
  case kind_q2_k: {
    int sub = k / 16, both = byte_at(block + sub);
    Codes<N> q(block + 16 + sub / 8 * 32 + sub % 2 * 16 + k % 16);
    scale = f16_at(block + 80) * static_cast<float>(both & 15), minimum = f16_at(block + 82) * static_cast<float>(both >> 4);
#pragma unroll
    for (int i = 0; i < N; i++) codes[i] = part(q[i], sub / 2 % 4 * 2, 3);
    break;
  }
  case kind_q3_k: {
    int sub = k / 16, low = part(byte_at(block + 96 + sub % 8), sub / 8 * 4, 15), top = part(byte_at(block + 104 + sub % 4), sub / 4 * 2, 3);
    Codes<N> q(block + 32 + sub / 8 * 32 + sub % 2 * 16 + k % 16), high(block + sub % 2 * 16 + k % 16);
    scale = f16_at(block + 108) * static_cast<float>(low + top * 16 - 32);
#pragma unroll
    for (int i = 0; i < N; i++) codes[i] = part(q[i], sub / 2 % 4 * 2, 3) + part(high[i], sub / 2, 1) * 4 - 4;
    break;
  }
  case kind_q4_k: case kind_q5_k: {
    int sub = k / 32, sc, mn;
    scale_min(block + 4, sub, sc, mn);
    scale = f16_at(block) * static_cast<float>(sc), minimum = f16_at(block + 2) * static_cast<float>(mn);
    Codes<N> q(block + (kind == kind_q4_k ? 16 : 48) + sub / 2 * 32 + k % 32), fifth(block + 16 + k % 32);
#pragma unroll
    for (int i = 0; i < N; i++) {
      codes[i] = part(q[i], sub % 2 * 4, 15);
      if (kind == kind_q5_k) codes[i] += part(fifth[i], sub, 1) * 16;
    }
    break;
  }
  case kind_q6_k: {
    int sub = k / 16, half = sub / 8, c = sub / 2 % 4, from = sub % 2 * 16 + k % 16;
    Codes<N> low(block + half * 64 + c % 2 * 32 + from), high(block + 128 + half * 32 + from);
    scale = f16_at(block + 208) * static_cast<float>(signed_byte(byte_at(block + 192 + sub)));
#pragma unroll
    for (int i = 0; i < N; i++) codes[i] = part(low[i], c / 2 * 4, 15) + part(high[i], c * 2, 3) * 16 - 32;
    break;
  }
  case kind_iq4_xs: {
    int sub = k / 32, top = part(*reinterpret_cast<const uint16_t *>(block + 2), sub * 2, 3);
    float d = f16_at(block) * static_cast<float>(part(byte_at(block + 4 + sub / 2), sub % 2 * 4, 15) + top * 16 - 32);
    Codes<N> q(block + 8 + sub * 16 + k % 16);
#pragma unroll
    for (int i = 0; i < N; i++) out[i] = d * nonlinear(part(q[i], k % 32 / 16 * 4, 15));
    return;
  }
  }
#pragma unroll
  for (int i = 0; i < N; i++) out[i] = scale * static_cast<float>(codes[i]) - minimum;
}

// widen returns weight i of a format whose blocks have one weight.
__device__ __forceinline__ float widen(const void *w, int kind, int64_t i) {
  switch (kind) {
  case kind_f32: return static_cast<const float *>(w)[i];
  case kind_f16: return float_of_f16(static_cast<const f16 *>(w)[i]);
  case kind_bf16: return float_of_bf16(static_cast<const bf16 *>(w)[i]);
  case kind_e4m3: return float_of_e4m3(byte_at(static_cast<const char *>(w) + i));
  default: return float_of_e5m2(byte_at(static_cast<const char *>(w) + i));
  }
}

// widen_run returns the N weights from the k-th of a row on, k a multiple of N
// and the row's length one of 4 at least.
template <int N> __device__ __forceinline__ void widen_run(float out[N], const char *row, int kind, int k) {
  int unit = unit_of(kind);
  if (unit > 1) return dequant<N>(out, row + static_cast<int64_t>(k / unit) * bytes_of(kind), kind, k % unit);
#pragma unroll
  for (int j = 0; j < N; j += 4) {
    if (kind == kind_f32) {
      float4 v = *reinterpret_cast<const float4 *>(row + (k + j) * 4);
      out[j] = v.x, out[j + 1] = v.y, out[j + 2] = v.z, out[j + 3] = v.w;
    } else if (kind == kind_f16 || kind == kind_bf16) {
      uint2 v = *reinterpret_cast<const uint2 *>(row + (k + j) * 2);
      uint16_t h[4] = {static_cast<uint16_t>(v.x), static_cast<uint16_t>(v.x >> 16), static_cast<uint16_t>(v.y), static_cast<uint16_t>(v.y >> 16)};
#pragma unroll
      for (int i = 0; i < 4; i++) out[j + i] = kind == kind_f16 ? float_of_f16(h[i]) : float_of_bf16(h[i]);
    } else {
      Codes<4> q(row + k + j);
#pragma unroll
      for (int i = 0; i < 4; i++) out[j + i] = kind == kind_e4m3 ? float_of_e4m3(q[i]) : float_of_e5m2(q[i]);
    }
  }
}
