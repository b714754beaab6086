#define NT_LEVEL v3
#include "nt_cpu.inl"
