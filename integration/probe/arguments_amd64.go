package main

import "confine/policy/syscalls"

const native = syscalls.X86_64
