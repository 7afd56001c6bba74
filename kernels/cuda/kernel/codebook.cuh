// Formats of about one to three bits: places in code books, and ternary digits.
// Layouts are those of package quant, with the padding of weight.go.
#pragma once
#include "args.h"
#include "grids.cuh"
#include "lle.cuh"

__device__ __forceinline__ int u16_at(const char *at) { return *reinterpret_cast<const uint16_t *>(at); }
__device__ __forceinline__ uint32_t u32_at(const char *at) { return *reinterpret_cast<const uint32_t *>(at); }

// nibble returns the i-th of packed nibbles, the lower half of a byte first.
__device__ __forceinline__ int nibble(const char *packed, int i) { return static_cast<uint8_t>(packed[i / 2]) >> i % 2 * 4 & 15; }

// even_signs completes seven signs with an eighth that makes their number even.
__device__ __forceinline__ int even_signs(uint32_t seven) {
  uint32_t s = seven & 127, odd = s ^ s >> 4;
  odd ^= odd >> 2;
  odd ^= odd >> 1;
  return static_cast<int>(s | (odd & 1) << 7);
}

// entry2 and so on are the i-th value of a code book's word: two bits of it, or three.
__device__ __forceinline__ float entry2(int word, int i) { return static_cast<float>(0x2b1908u >> (word >> 2 * i & 3) * 8 & 255); }
__device__ __forceinline__ float entry3_xxs(int word, int i) { return static_cast<float>(static_cast<int>(0x3e342c241c140c04u >> (word >> 3 * i & 7) * 8 & 255)); }
__device__ __forceinline__ float entry3_s(int word, int i) { return static_cast<float>(1 + 2 * (word >> 3 * i & 7)); }

// quarter is the scale of the IQ2 formats.
__device__ __forceinline__ float quarter(float d, int code) { return d * (static_cast<float>(code) + 0.5f) * 0.25f; }

// ternary is digit n of a byte of TQ1_0, less one.
__device__ __forceinline__ float ternary(int byte, int n) {
  int power = n == 0 ? 1 : n == 1 ? 3 : n == 2 ? 9 : n == 3 ? 27 : 81;
  return static_cast<float>((byte * power & 255) * 3 / 256 - 1);
}

// dequant_book returns the N weights from the k-th of a block on; N is 4 or 8,
// k a multiple of it.
template <int N> __device__ __forceinline__ void dequant_book(float out[N], const char *block, int kind, int k) {
  int run = k / 8, skip = k % 8; // eight weights share a place in most
  float d = float_of_f16(static_cast<f16>(u16_at(block)));
  switch (kind) {
  case kind_iq2_xxs: case kind_iq2_xs: case kind_iq2_s: {
    int place, signs, scale;
    if (kind == kind_iq2_xxs) {
      const char *at = block + 4 + k / 32 * 8;
      uint32_t word = u32_at(at + 4);
      place = grid_iq2_xxs[static_cast<uint8_t>(at[run % 4])], signs = even_signs(word >> 7 * (run % 4)), scale = static_cast<int>(word >> 28);
    } else if (kind == kind_iq2_xs) {
      int q = u16_at(block + 4 + 2 * run);
      place = grid_iq2_xs[q & 511], signs = even_signs(q >> 9), scale = nibble(block + 68, run / 2);
    } else {
      int high = static_cast<uint8_t>(block[68 + run / 4]) >> run % 4 * 2 & 3;
      place = grid_iq2_s[static_cast<uint8_t>(block[4 + run]) | high << 8], signs = static_cast<uint8_t>(block[36 + run]), scale = nibble(block + 76, run / 2);
    }
    d = quarter(d, scale);
#pragma unroll
    for (int i = 0; i < N; i++) {
      float v = entry2(place, skip + i);
      out[i] = d * (signs >> (skip + i) & 1 ? -v : v);
    }
    return;
  }
  case kind_iq3_xxs: case kind_iq3_s: {
    uint32_t word = u32_at(block + 68 + k / 32 * 4);
    int signs = kind == kind_iq3_xxs ? even_signs(word >> k % 32 / 8 * 7) : static_cast<uint8_t>(block[76 + run]);
    if (kind == kind_iq3_xxs) d = d * (static_cast<float>(word >> 28) + 0.5f) * 0.5f;
    else d *= static_cast<float>(1 + 2 * nibble(block + 108, k / 32));
#pragma unroll
    for (int j = 0; j < N; j += 4) {
      int at = (k + j) / 4, place = static_cast<uint8_t>(block[4 + at]);
      if (kind == kind_iq3_s) place |= (static_cast<uint8_t>(block[68 + k / 32]) >> at % 8 & 1) << 8;
      int entries = kind == kind_iq3_xxs ? grid_iq3_xxs[place] : grid_iq3_s[place];
#pragma unroll
      for (int i = 0; i < 4; i++) {
        float v = kind == kind_iq3_xxs ? entry3_xxs(entries, i) : entry3_s(entries, i);
        out[j + i] = d * (signs >> (skip + j + i) & 1 ? -v : v);
      }
    }
    return;
  }
  case kind_iq1_s: case kind_iq1_m: {
    int place, scale, negative;
    if (kind == kind_iq1_s) {
      int high = u16_at(block + 36 + run / 4 * 2);
      place = static_cast<uint8_t>(block[4 + run]) | (high >> run % 4 * 3 & 7) << 8, scale = high >> 12 & 7, negative = high >> 15;
    } else {
      int high = nibble(block + 32, run), h = 0;
#pragma unroll
      for (int i = 0; i < 4; i++) h |= u16_at(block + 48 + 2 * i) >> 12 << 4 * i;
      d = float_of_f16(static_cast<f16>(h));
      place = static_cast<uint8_t>(block[run]) | (high & 7) << 8, scale = u16_at(block + 48 + run / 8 * 2) >> run / 2 % 4 * 3 & 7, negative = high >> 3;
    }
    d *= static_cast<float>(2 * scale + 1);
    int entries = grid_iq1_s[place];
#pragma unroll
    for (int i = 0; i < N; i++) out[i] = d * (static_cast<float>((entries >> 2 * (skip + i) & 3) - 1) + (negative ? -0.125f : 0.125f));
    return;
  }
  case kind_tq1_0:
    d = float_of_f16(static_cast<f16>(u16_at(block + 52)));
#pragma unroll
    for (int i = 0; i < N; i++) {
      int at = k + i, byte = at < 160 ? at % 32 : at < 240 ? 32 + (at - 160) % 16 : 48 + (at - 240) % 4;
      out[i] = d * ternary(static_cast<uint8_t>(block[byte]), at < 160 ? at / 32 : at < 240 ? (at - 160) / 16 : (at - 240) / 4);
    }
    return;
  case kind_tq2_0:
    d = float_of_f16(static_cast<f16>(u16_at(block + 64)));
#pragma unroll
    for (int i = 0; i < N; i++) out[i] = d * static_cast<float>((static_cast<uint8_t>(block[k / 128 * 32 + k % 32 + i]) >> k / 32 % 4 * 2 & 3) - 1);
    return;
  default: // q1_0
#pragma unroll
    for (int i = 0; i < N; i++) out[i] = d * static_cast<float>((static_cast<uint8_t>(block[4 + run]) >> (skip + i) & 1) * 2 - 1);
  }
}
