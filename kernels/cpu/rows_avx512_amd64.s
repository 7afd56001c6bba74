#include "textflag.h"

// CONSTANTS loads what EXP512 needs, from the table of the AVX2 functions.
#define CONSTANTS \
	VBROADCASTSS ·expTable+0(SB), Z16    \
	VBROADCASTSS ·expTable+32(SB), Z17   \
	VBROADCASTSS ·expTable+64(SB), Z18   \
	VBROADCASTSS ·expTable+96(SB), Z19   \
	VBROADCASTSS ·expTable+128(SB), Z20  \
	VBROADCASTSS ·expTable+160(SB), Z21  \
	VBROADCASTSS ·expTable+192(SB), Z22  \
	VBROADCASTSS ·expTable+224(SB), Z23  \
	VBROADCASTSS ·expTable+256(SB), Z24  \
	VBROADCASTSS ·expTable+288(SB), Z25  \
	VBROADCASTSS ·expTable+320(SB), Z26  \
	VBROADCASTSS ·expTable+352(SB), Z27  \
	VBROADCASTSS ·expTable+384(SB), Z28  \
	VBROADCASTSS ·expTable+416(SB), Z29

// EXP512 sets Z5 to exp(Z0), step for step as ref.Exp. It changes Z1 to Z6,
// K1 and K2.
#define EXP512 \
	VMOVAPS     Z0, Z1              \
	VFMADD132PS Z16, Z17, Z1        \
	VSUBPS      Z17, Z1, Z3         \
	VMOVAPS     Z0, Z4              \
	VFMADD231PS Z18, Z3, Z4         \
	VFMADD231PS Z19, Z3, Z4         \
	VMOVAPS     Z20, Z5             \
	VFMADD213PS Z21, Z4, Z5         \
	VFMADD213PS Z22, Z4, Z5         \
	VFMADD213PS Z23, Z4, Z5         \
	VFMADD213PS Z24, Z4, Z5         \
	VFMADD213PS Z25, Z4, Z5         \
	VMULPS      Z4, Z4, Z6          \
	VFMADD213PS Z4, Z6, Z5          \
	VADDPS      Z26, Z5, Z5         \
	VPSUBD      Z17, Z1, Z1         \
	VPSLLD      $23, Z1, Z1         \
	VPADDD      Z26, Z1, Z1         \
	VMULPS      Z1, Z5, Z5          \
	VCMPPS      $0x11, Z27, Z0, K1  \
	VPXORD      Z5, Z5, K1, Z5      \
	VCMPPS      $0x1e, Z28, Z0, K2  \
	VMOVAPS     Z29, K2, Z5

// LAST masks the lanes that CX leaves of a vector: all, or the lower eight.
#define LAST \
	MOVL  $0xffff, AX \
	MOVL  $0x00ff, BX \
	CMPQ  CX, $16     \
	CMOVLLT BX, AX    \
	KMOVW AX, K3

// func scaleMaxAVX512(x []float32, scale float32) float32
TEXT ·scaleMaxAVX512(SB), NOSPLIT, $0-36
	MOVQ         x_base+0(FP), DI
	MOVQ         x_len+8(FP), CX
	VBROADCASTSS scale+24(FP), Z1
	VBROADCASTSS (DI), Z0
	VMULPS       Z0, Z1, Z0

loop:
	LAST
	VMOVUPS.Z (DI), K3, Z2
	VMULPS    Z2, Z1, Z2
	VMOVUPS   Z2, K3, (DI)
	VMAXPS    Z2, Z0, K3, Z0
	ADDQ      $64, DI
	SUBQ      $16, CX
	JG        loop

	VEXTRACTF32X8 $1, Z0, Y1
	VMAXPS        Y1, Y0, Y0
	VEXTRACTF128  $1, Y0, X1
	VMAXPS        X1, X0, X0
	VPERMILPS     $0x0e, X0, X1
	VMAXPS        X1, X0, X0
	VPERMILPS     $0x01, X0, X1
	VMAXPS        X1, X0, X0
	VMOVSS        X0, ret+32(FP)
	VZEROUPPER
	RET

// ADD64 stores the exponentials of Z0 at disp(DI) and adds them to the eight
// lanes of Y8 in their order.
#define ADD64(disp) \
	EXP512                            \
	VMOVUPS       Z5, disp(DI)        \
	VADDPS        Y5, Y8, Y8          \
	VEXTRACTF32X8 $1, Z5, Y5          \
	VADDPS        Y5, Y8, Y8

// func softmax64AVX512(p, highest, sum, shrink []float32, scale float32)
TEXT ·softmax64AVX512(SB), NOSPLIT, $0-100
	MOVQ         p_base+0(FP), DI
	MOVQ         highest_base+24(FP), SI
	MOVQ         highest_len+32(FP), CX
	MOVQ         sum_base+48(FP), DX
	MOVQ         shrink_base+72(FP), R8
	VBROADCASTSS scale+96(FP), Z15
	CONSTANTS

loop:
	VMULPS        (DI), Z15, Z10
	VMULPS        64(DI), Z15, Z11
	VMULPS        128(DI), Z15, Z12
	VMULPS        192(DI), Z15, Z13
	VMAXPS        Z11, Z10, Z0
	VMAXPS        Z13, Z12, Z1
	VMAXPS        Z1, Z0, Z0
	VEXTRACTF32X8 $1, Z0, Y1
	VMAXPS        Y1, Y0, Y0
	VEXTRACTF128  $1, Y0, X1
	VMAXPS        X1, X0, X0
	VPERMILPS     $0x0e, X0, X1
	VMAXPS        X1, X0, X0
	VPERMILPS     $0x01, X0, X1
	VMAXPS        X1, X0, X0
	VMOVSS        (SI), X14
	VMAXSS        X0, X14, X0
	VMOVSS        X0, (SI)
	VBROADCASTSS  X0, Z9
	VPXORD        Z8, Z8, Z8
	VSUBPS        Z9, Z10, Z0
	ADD64(0)
	VSUBPS        Z9, Z11, Z0
	ADD64(64)
	VSUBPS        Z9, Z12, Z0
	ADD64(128)
	VSUBPS        Z9, Z13, Z0
	ADD64(192)
	VEXTRACTF128  $1, Y8, X1
	VADDPS        X1, X8, X8
	VPERMILPS     $0x0e, X8, X1
	VADDPS        X1, X8, X8
	VPERMILPS     $0x01, X8, X1
	VADDPS        X1, X8, X8
	VSUBPS        Z9, Z14, Z0
	EXP512
	VMOVSS        X5, (R8)
	VFMADD132SS   (DX), X8, X5
	VMOVSS        X5, (DX)
	ADDQ          $256, DI
	ADDQ          $4, SI
	ADDQ          $4, DX
	ADDQ          $4, R8
	DECQ          CX
	JNZ           loop
	VZEROUPPER
	RET

// func expSum64AVX512(x []float32, highest float32) float64
TEXT ·expSum64AVX512(SB), NOSPLIT, $0-40
	MOVQ         x_base+0(FP), DI
	MOVQ         x_len+8(FP), CX
	VBROADCASTSS highest+24(FP), Z9
	CONSTANTS
	VPXORQ       Z8, Z8, Z8

loop:
	LAST
	VMOVUPS.Z     (DI), K3, Z0
	VSUBPS        Z9, Z0, Z0
	EXP512
	VMOVAPS.Z     Z5, K3, Z5
	VCVTPS2PD     Y5, Z1
	VADDPD        Z1, Z8, Z8
	VEXTRACTF32X8 $1, Z5, Y5
	VCVTPS2PD     Y5, Z1
	VADDPD        Z1, Z8, Z8
	ADDQ          $64, DI
	SUBQ          $16, CX
	JG            loop

	VEXTRACTF64X4 $1, Z8, Y1
	VADDPD        Y1, Y8, Y0
	VEXTRACTF128  $1, Y0, X1
	VADDPD        X1, X0, X0
	VPERMILPD     $1, X0, X1
	VADDPD        X1, X0, X0
	VMOVSD        X0, ret+32(FP)
	VZEROUPPER
	RET

// func normRowAVX512(dst, x, gain []float32, n int, eps float32)
TEXT ·normRowAVX512(SB), NOSPLIT, $0-84
	MOVQ   dst_base+0(FP), DI
	MOVQ   dst_len+8(FP), CX
	MOVQ   x_base+24(FP), SI
	MOVQ   gain_base+48(FP), DX
	MOVQ   n+72(FP), AX
	VPXORD Z0, Z0, Z0
	VPXORD Z1, Z1, Z1
	MOVQ   SI, R8
	MOVQ   CX, R9

squares:
	VMOVUPS     (R8), Z2
	VMOVUPS     64(R8), Z3
	VFMADD231PS Z2, Z2, Z0
	VFMADD231PS Z3, Z3, Z1
	ADDQ        $128, R8
	SUBQ        $32, R9
	JG          squares

	// ref.Fold of 32 lanes, then ref.FoldRMS.
	VADDPS        Z1, Z0, Z0
	VEXTRACTF32X8 $1, Z0, Y1
	VADDPS        Y1, Y0, Y0
	VEXTRACTF128  $1, Y0, X1
	VADDPS        X1, X0, X0
	VPERMILPS     $0x0e, X0, X1
	VADDPS        X1, X0, X0
	VPERMILPS     $0x01, X0, X1
	VADDSS        X1, X0, X0
	VXORPS        X2, X2, X2
	VCVTSI2SSQ    AX, X2, X2
	VDIVSS        X2, X0, X0
	VADDSS        eps+80(FP), X0, X0
	VCVTSS2SD     X0, X0, X0
	VSQRTSD       X0, X0, X0
	MOVQ          $1, AX
	VXORPD        X2, X2, X2
	VCVTSI2SDQ    AX, X2, X2
	VDIVSD        X0, X2, X0
	VCVTSD2SS     X0, X0, X0
	VBROADCASTSS  X0, Z1

scale:
	VMULPS  (SI), Z1, Z0
	VMULPS  64(SI), Z1, Z2
	VMULPS  (DX), Z0, Z0
	VMULPS  64(DX), Z2, Z2
	VMOVUPS Z0, (DI)
	VMOVUPS Z2, 64(DI)
	ADDQ    $128, DI
	ADDQ    $128, SI
	ADDQ    $128, DX
	SUBQ    $32, CX
	JG      scale
	VZEROUPPER
	RET

// func swigluAVX512(dst, gate, up []float32)
TEXT ·swigluAVX512(SB), NOSPLIT, $0-72
	MOVQ         dst_base+0(FP), DI
	MOVQ         dst_len+8(FP), CX
	MOVQ         gate_base+24(FP), SI
	MOVQ         up_base+48(FP), DX
	CONSTANTS
	VBROADCASTSS ·expTable+448(SB), Z30

loop:
	LAST
	VMOVUPS.Z (SI), K3, Z7
	VMOVUPS.Z (DX), K3, Z8
	VPXORD    Z30, Z7, Z0
	EXP512
	VADDPS    Z26, Z5, Z5
	VDIVPS    Z5, Z7, Z7
	VMULPS    Z8, Z7, Z7
	VMOVUPS   Z7, K3, (DI)
	ADDQ      $64, SI
	ADDQ      $64, DX
	ADDQ      $64, DI
	SUBQ      $16, CX
	JG        loop
	VZEROUPPER
	RET
