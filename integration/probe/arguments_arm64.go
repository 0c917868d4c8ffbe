package main

import "confine/policy/syscalls"

const native = syscalls.AArch64
