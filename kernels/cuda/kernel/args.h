// The parameters of the kernels. args.go has the same structures; a test
// compares their sizes with those in the images. Matrices of floats are rows
// without gaps.
#pragma once
#include <stdint.h>

struct NormArgs {
  float *out;        // [rows][cols], or null
  uint16_t *half;    // the same in bfloat16, or null
  const float *x;    // [rows][cols]
  const float *gain; // [cols]
  int rows, cols;
  float eps;
};

struct RotateArgs {
  float *x;           // [rows][heads*width]
  const float *table; // [rows][2*turned]: cosines, then sines
  int rows, heads, width, turned;
  int halves, unused; // pairs are halves apart, and are stored as neighbours
};

// For SwiGLU and GeGLU.
struct GLUArgs {
  float *out; // or null
  uint16_t *half; // or null
  const float *gate, *up;
  int64_t count;
};

// Adds x, or with apart = 0 its one row, to the rows of out.
struct AddArgs {
  float *out;
  const float *x;       // or null
  const uint16_t *half; // x in bfloat16, or null
  int rows, cols, apart, unused; // apart: values from row to row of x
};

struct GatherArgs {
  float *out;
  const float *x;
  const int *rows; // out's row i is x's row rows[i]
  int count, cols;
};

// The formats of weights: blocks of 1, of 32, from q2_k on of 256, and at the
// end of 128 and 64.
enum Kind {
  kind_f32, kind_f16, kind_bf16, kind_e4m3, kind_e5m2,
  kind_q4_0, kind_q4_1, kind_q5_0, kind_q5_1, kind_q8_0, kind_iq4_nl, kind_mxfp4, kind_e4m3_s, kind_e5m2_s,
  kind_q2_k, kind_q3_k, kind_q4_k, kind_q5_k, kind_q6_k, kind_iq4_xs,
  kind_iq2_xxs, kind_iq2_xs, kind_iq2_s, kind_iq3_xxs, kind_iq3_s, kind_iq1_s, kind_iq1_m, kind_tq1_0, kind_tq2_0, kind_q1_0, kind_nvfp4
};

struct EmbedArgs {
  float *out; // [count][cols]
  const void *table;
  const int *tokens;
  int count, cols, kind;
  float scale;
};

// Rounding to bfloat16. There are cols values to a row, a multiple of 8.
struct NarrowArgs {
  uint16_t *half;
  const void *x;
  int64_t count;
  int kind, cols;
};

// One factor and destination of a product.
struct Factor {
  const void *weight; // [cols][k]; bfloat16 where the rows are
  float *out;         // [rows][cols], apart
  int cols, kind;
  int add;            // to what is there, or replace it
  int tiles;          // columns of tiles up to and including this factor's
  int apart, unused;  // floats from row to row of out
};

struct MultiplyArgs {
  const float *x;       // [rows][k]
  const uint16_t *half; // the same in bfloat16
  int rows, k;
  int factors, unused;
  Factor factor[3];
};

// Keys and values of a layer on a page: [2][kv_heads][64][width].
struct Cache {
  float *memory;
  int64_t page; // floats from page to page
  int64_t layer; // offset of the layer
  int kv_heads, width;
};

struct StoreArgs {
  Cache cache;
  const float *keys, *values; // [rows][kv_heads*width]
  const int *slots;           // 64*page + position, of each row; -1: none
  int rows, unused;
};

// Rotations, as of RotateArgs, of queries and of keys that are then stored.
struct TurnArgs {
  Cache cache;
  float *query;               // [rows][heads*width], turned in place
  const float *keys, *values; // [rows][kv_heads*width]
  const float *table;         // [rows][2*turned]
  const int *slots;
  int rows, heads, turned, halves;
};

struct CopyArgs {
  float *memory;
  int64_t page;
  int dst, src, blocks, width, rows, unused; // blocks of [64][width]
};

// Neighbouring positions of one sequence on one page.
struct Piece {
  int row, count, start; // first row, rows, position of the first
  int pages;             // where its list of pages begins
};

struct AttendArgs {
  Cache cache;
  float *out;         // [rows][heads*width], or null
  uint16_t *half;     // the same in bfloat16, or null
  const float *query; // [rows][heads*width]
  const Piece *pieces;
  const int *pages;
  int heads, count;   // of pieces
  float scale, limit; // limit: of scaled scores, by tanh; 0: none
  int window, unused; // positions that a query sees; 0: all
};

// What is known of the logits of one row and 256 tokens.
struct Peak {
  double sum; // of exp(logit - max)
  float max;
  int argmax;
};

struct ScoreArgs {
  const float *x;       // [rows][k]
  const uint16_t *half; // the same in bfloat16
  const void *weight;   // [vocabulary][k], in mode fast from token 256*chunk on
  Peak *peaks;          // [rows][chunks of 256]
  const int *first;     // [rows+1]: where a row's targets begin
  const int *targets;   // tokens
  float *logits;        // of the targets
  float *const *all;    // [rows]: where all logits of a row go, or null
  int rows, k, vocabulary, kind;
  float limit; // of logits, by tanh; 0: none
  int chunk;   // at which the launch begins
};

// One token to be drawn.
struct Draw {
  double mass, share; // of the likeliest tokens that are kept; in [0, 1), of the draw
  int row;            // of the logits; -1: nothing to be drawn
  float temperature;
};

struct Drawn {
  int token;
  float logit;
};

struct DrawsArgs {
  const Draw *asked;
  Drawn *out;
  const Peak *whole;          // [rows]
  const float *const *logits; // [rows]
  int count, vocabulary;
};

struct MergeArgs {
  const Peak *peaks; // [rows][chunks]
  Peak *whole;       // [rows]
  int rows, chunks;
};

// Attention of mode fast. A tile is pieces that one block of threads computes.
struct FlashTile {
  int first, count; // pieces
};

struct FlashArgs {
  Cache cache;        // of bfloat16
  uint16_t *half;     // [rows][heads*width]
  const float *query; // [rows][heads*width]
  const Piece *pieces;
  const int *pages;
  const FlashTile *tiles;
  int heads, window; // positions that a query sees, or 0 for all
  float scale, limit; // limit above 0: scores s become limit*tanh(s/limit)
};

// The products of gate and up, and f(gate)*up of them; cols is a multiple of 8.
struct GatedArgs {
  const uint16_t *x;      // [rows][k]
  const void *gate, *up;  // [cols][k], of one kind
  uint16_t *half;         // [rows][cols]
  int rows, k, cols, kind;
  int gelu, unused;       // f: GELU or SiLU
};

// For measurements.
struct LimitArgs {
  float *out;
  const void *in;
  int64_t count; // steps of a thread, or values of 16 bytes to read
};
