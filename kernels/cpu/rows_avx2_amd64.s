#include "textflag.h"

// Offsets into ·expTable, eight copies of each constant.
#define LOG2E   ·expTable+0(SB)
#define MAGIC   ·expTable+32(SB)
#define NLN2HI  ·expTable+64(SB)
#define NLN2LO  ·expTable+96(SB)
#define P0      ·expTable+128(SB)
#define P1      ·expTable+160(SB)
#define P2      ·expTable+192(SB)
#define P3      ·expTable+224(SB)
#define P4      ·expTable+256(SB)
#define P5      ·expTable+288(SB)
#define ONE     ·expTable+320(SB)
#define LOW     ·expTable+352(SB)
#define HIGH    ·expTable+384(SB)
#define INF     ·expTable+416(SB)
#define SIGN    ·expTable+448(SB)

// EXP sets Y5 to exp(Y0), step for step as ref.Exp. It changes Y1 to Y6.
#define EXP \
	VMOVUPS     MAGIC, Y2            \
	VMOVAPS     Y0, Y1               \
	VFMADD132PS LOG2E, Y2, Y1        \
	VSUBPS      Y2, Y1, Y3           \
	VMOVAPS     Y0, Y4               \
	VFMADD231PS NLN2HI, Y3, Y4       \
	VFMADD231PS NLN2LO, Y3, Y4       \
	VMOVUPS     P0, Y5               \
	VFMADD213PS P1, Y4, Y5           \
	VFMADD213PS P2, Y4, Y5           \
	VFMADD213PS P3, Y4, Y5           \
	VFMADD213PS P4, Y4, Y5           \
	VFMADD213PS P5, Y4, Y5           \
	VMULPS      Y4, Y4, Y6           \
	VFMADD213PS Y4, Y6, Y5           \
	VADDPS      ONE, Y5, Y5          \
	VPSUBD      Y2, Y1, Y1           \
	VPSLLD      $23, Y1, Y1          \
	VPADDD      ONE, Y1, Y1          \
	VMULPS      Y1, Y5, Y5           \
	VCMPPS      $0x11, LOW, Y0, Y1   \
	VANDNPS     Y5, Y1, Y5           \
	VCMPPS      $0x1e, HIGH, Y0, Y1  \
	VBLENDVPS   Y1, INF, Y5, Y5

// func scaleMaxAVX2(x []float32, scale float32) float32
TEXT ·scaleMaxAVX2(SB), NOSPLIT, $0-36
	MOVQ         x_base+0(FP), DI
	MOVQ         x_len+8(FP), CX
	VBROADCASTSS scale+24(FP), Y1
	VMULPS       (DI), Y1, Y0
	VMOVUPS      Y0, (DI)
	ADDQ         $32, DI
	SUBQ         $8, CX
	JLE          fold

loop:
	VMULPS  (DI), Y1, Y2
	VMOVUPS Y2, (DI)
	VMAXPS  Y2, Y0, Y0
	ADDQ    $32, DI
	SUBQ    $8, CX
	JG      loop

fold:
	VEXTRACTF128 $1, Y0, X1
	VMAXPS       X1, X0, X0
	VPERMILPS    $0x0e, X0, X1
	VMAXPS       X1, X0, X0
	VPERMILPS    $0x01, X0, X1
	VMAXPS       X1, X0, X0
	VMOVSS       X0, ret+32(FP)
	VZEROUPPER
	RET

// func expSumAVX2(x []float32, highest float32) float32
TEXT ·expSumAVX2(SB), NOSPLIT, $0-36
	MOVQ         x_base+0(FP), DI
	MOVQ         x_len+8(FP), CX
	VBROADCASTSS highest+24(FP), Y9
	VXORPS       Y8, Y8, Y8

loop:
	VMOVUPS (DI), Y0
	VSUBPS  Y9, Y0, Y0
	EXP
	VMOVUPS Y5, (DI)
	VADDPS  Y5, Y8, Y8
	ADDQ    $32, DI
	SUBQ    $8, CX
	JG      loop

	VEXTRACTF128 $1, Y8, X1
	VADDPS       X1, X8, X0
	VPERMILPS    $0x0e, X0, X1
	VADDPS       X1, X0, X0
	VPERMILPS    $0x01, X0, X1
	VADDPS       X1, X0, X0
	VMOVSS       X0, ret+32(FP)
	VZEROUPPER
	RET

// func expSum64AVX2(x []float32, highest float32) float64
TEXT ·expSum64AVX2(SB), NOSPLIT, $0-40
	MOVQ         x_base+0(FP), DI
	MOVQ         x_len+8(FP), CX
	VBROADCASTSS highest+24(FP), Y9
	VXORPD       Y7, Y7, Y7
	VXORPD       Y8, Y8, Y8

loop:
	VMOVUPS      (DI), Y0
	VSUBPS       Y9, Y0, Y0
	EXP
	VEXTRACTF128 $1, Y5, X1
	VCVTPS2PD    X5, Y5
	VCVTPS2PD    X1, Y1
	VADDPD       Y5, Y7, Y7
	VADDPD       Y1, Y8, Y8
	ADDQ         $32, DI
	SUBQ         $8, CX
	JG           loop

	VADDPD       Y8, Y7, Y0
	VEXTRACTF128 $1, Y0, X1
	VADDPD       X1, X0, X0
	VPERMILPD    $1, X0, X1
	VADDPD       X1, X0, X0
	VMOVSD       X0, ret+32(FP)
	VZEROUPPER
	RET

// func scaleAVX2(x []float32, scale float32)
TEXT ·scaleAVX2(SB), NOSPLIT, $0-28
	MOVQ         x_base+0(FP), DI
	MOVQ         x_len+8(FP), CX
	VBROADCASTSS scale+24(FP), Y1

loop:
	VMULPS  (DI), Y1, Y0
	VMOVUPS Y0, (DI)
	ADDQ    $32, DI
	SUBQ    $8, CX
	JG      loop
	VZEROUPPER
	RET

// func swigluAVX2(dst, gate, up []float32)
TEXT ·swigluAVX2(SB), NOSPLIT, $0-72
	MOVQ dst_base+0(FP), DI
	MOVQ dst_len+8(FP), CX
	MOVQ gate_base+24(FP), SI
	MOVQ up_base+48(FP), DX

loop:
	VMOVUPS (SI), Y7
	VXORPS  SIGN, Y7, Y0
	EXP
	VADDPS  ONE, Y5, Y5
	VDIVPS  Y5, Y7, Y7
	VMULPS  (DX), Y7, Y7
	VMOVUPS Y7, (DI)
	ADDQ    $32, SI
	ADDQ    $32, DX
	ADDQ    $32, DI
	SUBQ    $8, CX
	JG      loop
	VZEROUPPER
	RET

// func sumSquaresAVX2(sums *[32]float32, x []float32)
TEXT ·sumSquaresAVX2(SB), NOSPLIT, $0-32
	MOVQ   sums+0(FP), DI
	MOVQ   x_base+8(FP), SI
	MOVQ   x_len+16(FP), CX
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	VXORPS Y2, Y2, Y2
	VXORPS Y3, Y3, Y3

loop:
	VMOVUPS     (SI), Y4
	VMOVUPS     32(SI), Y5
	VMOVUPS     64(SI), Y6
	VMOVUPS     96(SI), Y7
	VFMADD231PS Y4, Y4, Y0
	VFMADD231PS Y5, Y5, Y1
	VFMADD231PS Y6, Y6, Y2
	VFMADD231PS Y7, Y7, Y3
	ADDQ        $128, SI
	SUBQ        $32, CX
	JG          loop
	VMOVUPS     Y0, (DI)
	VMOVUPS     Y1, 32(DI)
	VMOVUPS     Y2, 64(DI)
	VMOVUPS     Y3, 96(DI)
	VZEROUPPER
	RET

// func normAVX2(dst, x, gain []float32, inverse float32)
TEXT ·normAVX2(SB), NOSPLIT, $0-76
	MOVQ         dst_base+0(FP), DI
	MOVQ         dst_len+8(FP), CX
	MOVQ         x_base+24(FP), SI
	MOVQ         gain_base+48(FP), DX
	VBROADCASTSS inverse+72(FP), Y1

loop:
	VMULPS  (SI), Y1, Y0
	VMULPS  (DX), Y0, Y0
	VMOVUPS Y0, (DI)
	ADDQ    $32, SI
	ADDQ    $32, DX
	ADDQ    $32, DI
	SUBQ    $8, CX
	JG      loop
	VZEROUPPER
	RET

// func rotateAVX2(x, cos, sin []float32)
TEXT ·rotateAVX2(SB), NOSPLIT, $0-72
	MOVQ x_base+0(FP), DI
	MOVQ cos_base+24(FP), SI
	MOVQ cos_len+32(FP), CX
	MOVQ sin_base+48(FP), DX

loop:
	VMOVUPS   (DI), Y0
	VPERMILPS $0xb1, Y0, Y1
	VMULPS    (SI), Y0, Y0
	VMULPS    (DX), Y1, Y1
	VADDSUBPS Y1, Y0, Y0
	VMOVUPS   Y0, (DI)
	ADDQ      $32, DI
	ADDQ      $32, SI
	ADDQ      $32, DX
	SUBQ      $8, CX
	JG        loop
	VZEROUPPER
	RET

// func peakAVX2(rounds int): 12 independent chains of FMAs, 10 steps a round.
TEXT ·peakAVX2(SB), NOSPLIT, $0-8
	MOVQ rounds+0(FP), CX

#define STEP \
	VFMADD231PS Y15, Y15, Y0  \
	VFMADD231PS Y15, Y15, Y1  \
	VFMADD231PS Y15, Y15, Y2  \
	VFMADD231PS Y15, Y15, Y3  \
	VFMADD231PS Y15, Y15, Y4  \
	VFMADD231PS Y15, Y15, Y5  \
	VFMADD231PS Y15, Y15, Y6  \
	VFMADD231PS Y15, Y15, Y7  \
	VFMADD231PS Y15, Y15, Y8  \
	VFMADD231PS Y15, Y15, Y9  \
	VFMADD231PS Y15, Y15, Y10 \
	VFMADD231PS Y15, Y15, Y11

	VXORPS Y15, Y15, Y15
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	VXORPS Y2, Y2, Y2
	VXORPS Y3, Y3, Y3
	VXORPS Y4, Y4, Y4
	VXORPS Y5, Y5, Y5
	VXORPS Y6, Y6, Y6
	VXORPS Y7, Y7, Y7
	VXORPS Y8, Y8, Y8
	VXORPS Y9, Y9, Y9
	VXORPS Y10, Y10, Y10
	VXORPS Y11, Y11, Y11

loop:
	STEP
	STEP
	STEP
	STEP
	STEP
	STEP
	STEP
	STEP
	STEP
	STEP
	DECQ CX
	JNZ  loop
	VZEROUPPER
	RET

// func pause(): tells the core that this is a spin loop.
TEXT ·pause(SB), NOSPLIT, $0-0
	PAUSE
	PAUSE
	PAUSE
	PAUSE
	RET
