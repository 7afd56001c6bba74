// The operations of a warp that GPUs do in hardware.
#include "block.h"
#include "race.h"

namespace {

struct Load { const void *row; uint32_t *out; };

template <bool trans> void load(void **lanes) {
  for (int m = 0; m < 4; m++) {
    const uint16_t *rows[8];
    unsigned banks = 0; // groups of four, 16 bytes
    for (int r = 0; r < 8; r++) {
      rows[r] = static_cast<const uint16_t *>(static_cast<Load *>(lanes[8 * m + r])->row);
      banks |= 1u << (reinterpret_cast<size_t>(rows[r]) / 16 % 8);
    }
    if (banks != 0xff) emu::fail("ldmatrix: rows of matrix %d lie in the same banks, which is slow", m);
    for (int l = 0; l < 32; l++) {
      int r = l / 4, c = l % 4 * 2;
      uint32_t low = trans ? rows[c][r] : rows[r][c], high = trans ? rows[c + 1][r] : rows[r][c + 1];
      static_cast<Load *>(lanes[l])->out[m] = low | high << 16;
    }
  }
}

struct Multiply { float *c; const uint32_t *a; uint32_t b[2]; };

float widen_bf16(uint16_t h) { return float_of(static_cast<uint32_t>(h) << 16); }

// D = A·B + C for A of 16x16, B of 16x8: the sum of a row is rounded once. The
// hardware rounds otherwise, in an order that is not documented.
template <float (*widen)(uint16_t)> void multiply(void **lanes) {
  float a[16][16], b[16][8];
  auto at = [&](int l) { return static_cast<Multiply *>(lanes[l]); };
  for (int l = 0; l < 32; l++) {
    int g = l / 4, t = l % 4 * 2;
    for (int i = 0; i < 4; i++) {
      a[g + i % 2 * 8][t + i / 2 * 8] = widen(static_cast<uint16_t>(at(l)->a[i]));
      a[g + i % 2 * 8][t + i / 2 * 8 + 1] = widen(static_cast<uint16_t>(at(l)->a[i] >> 16));
    }
    for (int i = 0; i < 2; i++) {
      b[t + i * 8][g] = widen(static_cast<uint16_t>(at(l)->b[i]));
      b[t + i * 8 + 1][g] = widen(static_cast<uint16_t>(at(l)->b[i] >> 16));
    }
  }
  double sums[16][8] = {};
  for (int i = 0; i < 16; i++)
    for (int k = 0; k < 16; k++)
      for (int j = 0; j < 8; j++) sums[i][j] += static_cast<double>(a[i][k]) * b[k][j];
  for (int l = 0; l < 32; l++) {
    int g = l / 4, t = l % 4 * 2;
    for (int i = 0; i < 4; i++) {
      float &c = at(l)->c[i];
      c = static_cast<float>(sums[g + i / 2 * 8][t + i % 2] + c);
    }
  }
}

} // namespace

void ldmatrix_x4(uint32_t out[4], const void *shared) {
  emu::check_shared(shared, 16, 16, "ldmatrix");
  if constexpr (emu::races) emu::touch(shared, 16, emu::Access::read, __builtin_return_address(0));
  Load l{shared, out};
  emu::warp(load<false>, &l);
}

void ldmatrix_x4_trans(uint32_t out[4], const void *shared) {
  emu::check_shared(shared, 16, 16, "ldmatrix");
  if constexpr (emu::races) emu::touch(shared, 16, emu::Access::read, __builtin_return_address(0));
  Load l{shared, out};
  emu::warp(load<true>, &l);
}

void mma_bf16(float c[4], const uint32_t a[4], uint32_t b0, uint32_t b1) {
  Multiply m{c, a, {b0, b1}};
  emu::warp(multiply<widen_bf16>, &m);
}

void mma_f16(float c[4], const uint32_t a[4], uint32_t b0, uint32_t b1) {
  Multiply m{c, a, {b0, b1}};
  emu::warp(multiply<float_of_f16>, &m);
}

uint16_t bf16_of(float x) {
  uint32_t b = bits_of(x);
  if (x != x) return 0x7fff;
  return static_cast<uint16_t>((b + 0x7fff + (b >> 16 & 1)) >> 16);
}

uint16_t f16_of(float x) {
  _Float16 h = static_cast<_Float16>(x);
  uint16_t b;
  memcpy(&b, &h, 2);
  return b;
}

float float_of_f16(uint16_t b) {
  _Float16 h;
  memcpy(&h, &b, 2);
  return static_cast<float>(h);
}
