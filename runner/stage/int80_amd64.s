#include "textflag.h"

// func int80(number uint32) int32
//
// A kernel that takes it for the 64-bit call of that number finds no descriptor in
// the first argument.
TEXT ·int80(SB), NOSPLIT, $0-12
	MOVL number+0(FP), AX
	MOVQ $-1, DI
	INT  $0x80
	MOVL AX, ret+8(FP)
	RET
