// A fiber is a stack and the place where it stopped.
#pragma once
#include <cstddef>

#if !defined __x86_64__
#error "the emulator's fibers are written for x86-64"
#endif

// emu_switch saves the callee's registers on the stack, leaves its address in
// *from and goes on at to.
extern "C" void emu_switch(void **from, void *to);
asm(R"(
.text
.type emu_switch, @function
emu_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size emu_switch, .-emu_switch
)");

// fiber_start returns what emu_switch takes to call entry, which must not
// return, on the stack that ends at top.
static inline void *fiber_start(char *top, void (*entry)()) {
  void **sp = reinterpret_cast<void **>(reinterpret_cast<size_t>(top) & ~size_t{15});
  *--sp = nullptr; // entry finds the stack aligned as after a call
  *--sp = reinterpret_cast<void *>(entry);
  for (int i = 0; i < 6; i++) *--sp = nullptr;
  return sp;
}
