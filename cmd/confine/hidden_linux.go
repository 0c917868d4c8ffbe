package main

import "confine/runner"

// hidden runs one of the processes that confine starts from its own binary.
func hidden() (code int, ok bool) { return runner.Hidden() }
