//go:build linux

package runner

import (
	"bytes"
	"os"
	"strings"
	"sync"
	"time"
)

// maxChatter bounds what is kept of the wrapper's output.
const maxChatter = 16 << 10

// chatter collects what the wrapper prints, which would otherwise mix with the
// program's output. It never sees the program's.
type chatter struct {
	mu   sync.Mutex
	text bytes.Buffer
	done chan struct{}
}

func listen(r *os.File) *chatter {
	c := &chatter{done: make(chan struct{})}
	go func() {
		defer close(c.done)
		defer r.Close()
		buf := make([]byte, 4096)
		for {
			n, err := r.Read(buf)
			c.mu.Lock()
			if room := maxChatter - c.text.Len(); room > 0 {
				c.text.Write(buf[:min(n, room)])
			}
			c.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return c
}

// wait gives what was printed before the end the time to be read.
func (c *chatter) wait(limit time.Duration) {
	select {
	case <-c.done:
	case <-time.After(limit):
	}
}

// lines returns the lines so far that start with a prefix.
func (c *chatter) lines(prefix string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for _, line := range strings.Split(c.text.String(), "\n") {
		if line = strings.TrimSpace(line); line != "" && strings.HasPrefix(line, prefix) {
			out = append(out, line)
		}
	}
	return out
}
