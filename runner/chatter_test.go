//go:build linux

package runner

import (
	"bytes"
	"os"
	"slices"
	"testing"
)

func TestChatter(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c := listen(r)
	for _, part := range []string{"Warn", "ing: one\n  Warning: two  \n\nnoise Warning\nError: three\nWarning: unfinished"} {
		if _, err := w.WriteString(part); err != nil {
			t.Fatal(err)
		}
	}
	_ = w.Close()
	<-c.done
	if got, want := c.lines("Warning"), []string{"Warning: one", "Warning: two", "Warning: unfinished"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := c.lines("Error"), []string{"Error: three"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A wrapper that prints without end neither fills our memory nor stops at a full pipe.
func TestChatterIsBounded(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c := listen(r)
	noise := bytes.Repeat([]byte("Warning: again\n"), 1<<16)
	if _, err := w.Write(noise); err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	<-c.done
	if n := c.text.Len(); n != maxChatter {
		t.Errorf("kept %d bytes, want %d", n, maxChatter)
	}
}
