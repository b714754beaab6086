#define NT_LEVEL base
#include "nt_cpu.inl"
