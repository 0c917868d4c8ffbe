package seccomp

import (
	"iter"
	"runtime"
	"sync"

	"confine/policy/syscalls"
)

// proofBatch is how many calls one processor takes at once.
const proofBatch = 1024

// firstError tries every call on all processors, and gives the error of the first call
// that has one, whichever was tried first.
func firstError(calls iter.Seq[syscalls.Data], try func(syscalls.Data) error) error {
	type batch struct {
		first int
		calls []syscalls.Data
	}
	var (
		batches = make(chan batch, runtime.GOMAXPROCS(0))
		workers sync.WaitGroup
		lock    sync.Mutex
		failed  = -1
		found   error
	)
	fails := func(index int, err error) {
		lock.Lock()
		defer lock.Unlock()
		if failed < 0 || index < failed {
			failed, found = index, err
		}
	}
	settled := func(index int) bool {
		lock.Lock()
		defer lock.Unlock()
		return failed >= 0 && failed < index
	}
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for b := range batches {
				for i, call := range b.calls {
					if err := try(call); err != nil {
						fails(b.first+i, err)
						break
					}
				}
			}
		})
	}
	next := batch{calls: make([]syscalls.Data, 0, proofBatch)}
	for call := range calls {
		if next.calls = append(next.calls, call); len(next.calls) < proofBatch {
			continue
		}
		if settled(next.first) {
			break
		}
		batches <- next
		next = batch{next.first + proofBatch, make([]syscalls.Data, 0, proofBatch)}
	}
	batches <- next
	close(batches)
	workers.Wait()
	return found
}
