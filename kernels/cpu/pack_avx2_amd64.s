#include "textflag.h"

// Each function here widens eight rows of weights to float32 and writes them
// transposed: weight k of row r goes to dst[16k+r]. Two calls fill a panel of
// 16 rows.

// ROWS prepares the row addresses: rows 0 to 3 from SI, 4 to 7 from R11.
#define ROWS \
	MOVQ dst_base+0(FP), DI   \
	MOVQ src_base+24(FP), SI  \
	MOVQ stride+48(FP), R9    \
	MOVQ blocks+56(FP), CX    \
	LEAQ (R9)(R9*2), R10      \
	LEAQ (SI)(R9*4), R11

// LOAD16 reads 16 bytes at disp of every row: Y0 holds rows 0 and 4, Y1 rows
// 1 and 5, Y2 rows 2 and 6, Y3 rows 3 and 7.
#define LOAD16(disp) \
	VMOVDQU     disp(SI), X0                       \
	VMOVDQU     disp(SI)(R9*1), X1                 \
	VMOVDQU     disp(SI)(R9*2), X2                 \
	VMOVDQU     disp(SI)(R10*1), X3                \
	VINSERTI128 $1, disp(R11), Y0, Y0              \
	VINSERTI128 $1, disp(R11)(R9*1), Y1, Y1        \
	VINSERTI128 $1, disp(R11)(R9*2), Y2, Y2        \
	VINSERTI128 $1, disp(R11)(R10*1), Y3, Y3

// TRANSPOSE turns that into Y0 to Y3 = 32-bit word 0 to 3 of rows 0 to 7.
#define TRANSPOSE \
	VPUNPCKLDQ  Y1, Y0, Y4 \
	VPUNPCKHDQ  Y1, Y0, Y5 \
	VPUNPCKLDQ  Y3, Y2, Y6 \
	VPUNPCKHDQ  Y3, Y2, Y7 \
	VPUNPCKLQDQ Y6, Y4, Y0 \
	VPUNPCKHQDQ Y6, Y4, Y1 \
	VPUNPCKLQDQ Y7, Y5, Y2 \
	VPUNPCKHQDQ Y7, Y5, Y3

// SCALES sets Y14 to the binary16 that begins each row's block.
#define SCALES \
	VPXOR     X4, X4, X4                    \
	VPINSRW   $0, (SI), X4, X4              \
	VPINSRW   $1, (SI)(R9*1), X4, X4        \
	VPINSRW   $2, (SI)(R9*2), X4, X4        \
	VPINSRW   $3, (SI)(R10*1), X4, X4       \
	VPINSRW   $4, (R11), X4, X4             \
	VPINSRW   $5, (R11)(R9*1), X4, X4       \
	VPINSRW   $6, (R11)(R9*2), X4, X4       \
	VPINSRW   $7, (R11)(R10*1), X4, X4      \
	VCVTPH2PS X4, Y14

// NEXT moves to the next block.
#define NEXT(bytes, weights) \
	ADDQ $bytes, SI         \
	ADDQ $bytes, R11        \
	ADDQ $(64*weights), DI  \
	DECQ CX

// Q4_1: w = d·q + m. Nibble at bit `shift` of each word of row data.
#define MINNIBBLE(shift, words, k) \
	VPSRLD      $shift, words, Y8 \
	VPAND       Y13, Y8, Y8       \
	VCVTDQ2PS   Y8, Y8            \
	VFMADD213PS Y15, Y14, Y8      \
	VMOVUPS     Y8, (64*(k))(DI)

#define MINWORD(words, k) \
	MINNIBBLE(0, words, k)      \
	MINNIBBLE(4, words, k+16)   \
	MINNIBBLE(8, words, k+1)    \
	MINNIBBLE(12, words, k+17)  \
	MINNIBBLE(16, words, k+2)   \
	MINNIBBLE(20, words, k+18)  \
	MINNIBBLE(24, words, k+3)   \
	MINNIBBLE(28, words, k+19)

// func packQ4_1AVX2(dst []float32, src []byte, stride, blocks, ahead int)
TEXT ·packQ4_1AVX2(SB), NOSPLIT, $0-72
	ROWS
	VPCMPEQD Y13, Y13, Y13
	VPSRLD   $28, Y13, Y13
	VMOVDQU  ·splitHalves(SB), X12

loop:
	VMOVD       (SI), X4
	VPINSRD     $1, (SI)(R9*1), X4, X4
	VPINSRD     $2, (SI)(R9*2), X4, X4
	VPINSRD     $3, (SI)(R10*1), X4, X4
	VMOVD       (R11), X5
	VPINSRD     $1, (R11)(R9*1), X5, X5
	VPINSRD     $2, (R11)(R9*2), X5, X5
	VPINSRD     $3, (R11)(R10*1), X5, X5
	VPSHUFB     X12, X4, X4
	VPSHUFB     X12, X5, X5
	VPUNPCKLQDQ X5, X4, X6
	VPUNPCKHQDQ X5, X4, X7
	VCVTPH2PS   X6, Y14
	VCVTPH2PS   X7, Y15
	LOAD16(4)
	TRANSPOSE
	MINWORD(Y0, 0)
	MINWORD(Y1, 4)
	MINWORD(Y2, 8)
	MINWORD(Y3, 12)
	NEXT(20, 32)
	JNZ         loop
	VZEROUPPER
	RET

// Q4_0: w = d·(q-8).
#define NIBBLE(shift, words, k) \
	VPSRLD    $shift, words, Y8 \
	VPAND     Y13, Y8, Y8       \
	VPSUBD    Y12, Y8, Y8       \
	VCVTDQ2PS Y8, Y8            \
	VMULPS    Y14, Y8, Y8       \
	VMOVUPS   Y8, (64*(k))(DI)

#define WORD(words, k) \
	NIBBLE(0, words, k)      \
	NIBBLE(4, words, k+16)   \
	NIBBLE(8, words, k+1)    \
	NIBBLE(12, words, k+17)  \
	NIBBLE(16, words, k+2)   \
	NIBBLE(20, words, k+18)  \
	NIBBLE(24, words, k+3)   \
	NIBBLE(28, words, k+19)

// func packQ4_0AVX2(dst []float32, src []byte, stride, blocks, ahead int)
TEXT ·packQ4_0AVX2(SB), NOSPLIT, $0-72
	ROWS
	VPCMPEQD Y13, Y13, Y13
	VPSRLD   $31, Y13, Y12
	VPSLLD   $3, Y12, Y12
	VPSRLD   $28, Y13, Y13

loop:
	SCALES
	LOAD16(2)
	TRANSPOSE
	WORD(Y0, 0)
	WORD(Y1, 4)
	WORD(Y2, 8)
	WORD(Y3, 12)
	NEXT(18, 32)
	JNZ loop
	VZEROUPPER
	RET

// Q8_0: w = d·q.
#define BYTE8(shift, words, k) \
	VPSLLD    $shift, words, Y8 \
	VPSRAD    $24, Y8, Y8       \
	VCVTDQ2PS Y8, Y8            \
	VMULPS    Y14, Y8, Y8       \
	VMOVUPS   Y8, (64*(k))(DI)

#define WORD8(words, k) \
	BYTE8(24, words, k)   \
	BYTE8(16, words, k+1) \
	BYTE8(8, words, k+2)  \
	BYTE8(0, words, k+3)

// func packQ8_0AVX2(dst []float32, src []byte, stride, blocks, ahead int)
TEXT ·packQ8_0AVX2(SB), NOSPLIT, $0-72
	ROWS

loop:
	SCALES
	LOAD16(2)
	TRANSPOSE
	WORD8(Y0, 0)
	WORD8(Y1, 4)
	WORD8(Y2, 8)
	WORD8(Y3, 12)
	LOAD16(18)
	TRANSPOSE
	WORD8(Y0, 16)
	WORD8(Y1, 20)
	WORD8(Y2, 24)
	WORD8(Y3, 28)
	NEXT(34, 32)
	JNZ loop
	VZEROUPPER
	RET

// func packF32AVX2(dst []float32, src []byte, stride, blocks, ahead int)
TEXT ·packF32AVX2(SB), NOSPLIT, $0-72
	ROWS

loop:
	LOAD16(0)
	TRANSPOSE
	VMOVUPS Y0, (DI)
	VMOVUPS Y1, 64(DI)
	VMOVUPS Y2, 128(DI)
	VMOVUPS Y3, 192(DI)
	NEXT(16, 4)
	JNZ     loop
	VZEROUPPER
	RET

// A word of row data holds two bfloat16: the upper one is a float32 once the
// lower is cleared.
#define BFWORD(words, k) \
	VPSLLD  $16, words, Y8        \
	VPAND   Y13, words, Y9        \
	VMOVUPS Y8, (64*(k))(DI)      \
	VMOVUPS Y9, (64*(k+1))(DI)

// func packBF16AVX2(dst []float32, src []byte, stride, blocks, ahead int)
TEXT ·packBF16AVX2(SB), NOSPLIT, $0-72
	ROWS
	VPCMPEQD Y13, Y13, Y13
	VPSLLD   $16, Y13, Y13

loop:
	LOAD16(0)
	TRANSPOSE
	BFWORD(Y0, 0)
	BFWORD(Y1, 2)
	BFWORD(Y2, 4)
	BFWORD(Y3, 6)
	NEXT(16, 8)
	JNZ loop
	VZEROUPPER
	RET

#define HALFWORD(words, k) \
	VPSHUFB      Y12, words, Y8    \
	VPERMQ       $0xd8, Y8, Y8     \
	VEXTRACTI128 $1, Y8, X9        \
	VCVTPH2PS    X8, Y8            \
	VCVTPH2PS    X9, Y9            \
	VMOVUPS      Y8, (64*(k))(DI)  \
	VMOVUPS      Y9, (64*(k+1))(DI)

// func packF16AVX2(dst []float32, src []byte, stride, blocks, ahead int)
TEXT ·packF16AVX2(SB), NOSPLIT, $0-72
	ROWS
	VBROADCASTI128 ·splitHalves(SB), Y12

loop:
	LOAD16(0)
	TRANSPOSE
	HALFWORD(Y0, 0)
	HALFWORD(Y1, 2)
	HALFWORD(Y2, 4)
	HALFWORD(Y3, 6)
	NEXT(16, 8)
	JNZ loop
	VZEROUPPER
	RET

// func prefetchAVX2(src []byte)
TEXT ·prefetchAVX2(SB), NOSPLIT, $0-24
	MOVQ src_base+0(FP), SI
	MOVQ src_len+8(FP), CX

loop:
	SUBQ       $64, CX
	JLT        end
	PREFETCHT1 (SI)
	ADDQ       $64, SI
	JMP        loop

end:
	RET
