#define NT_LEVEL v4
#include "nt_cpu.inl"
