// The parameters of the kernels. args.go has the same structures; a test
// compares their sizes with those in the images.
#pragma once
#include <stdint.h>

// rows of cols floats, row i at out + i*cols.
struct NormArgs {
  float *out;          // [rows][cols]
  uint16_t *half;      // the same in bfloat16, or null; out may then be null
  const float *x;      // [rows][cols]
  const float *gain;   // [cols]
  int rows, cols;
  float eps;
};
