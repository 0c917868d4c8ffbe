//go:build linux

package egress

import (
	"math"
	"sync/atomic"
)

// budget is what network.max_bytes leaves to all connections together.
type budget struct {
	limited bool
	left    atomic.Int64
}

func newBudget(limit uint64) *budget {
	b := &budget{limited: limit > 0}
	b.left.Store(int64(min(limit, math.MaxInt64)))
	return b
}

// take gives as many bytes of those wanted as there are; 0 is that none is left.
func (b *budget) take(wanted int64) int64 {
	for b.limited {
		left := b.left.Load()
		granted := min(left, wanted)
		if granted <= 0 {
			return 0
		}
		if b.left.CompareAndSwap(left, left-granted) {
			return granted
		}
	}
	return wanted
}

// giveBack returns what was taken and not used.
func (b *budget) giveBack(n int64) {
	if b.limited {
		b.left.Add(n)
	}
}

func (b *budget) usedUp() bool { return b.limited && b.left.Load() <= 0 }
