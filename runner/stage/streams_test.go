//go:build linux

package stage

import (
	"os"
	"testing"
)

func TestCheckStreams(t *testing.T) {
	null, err := os.Open("/dev/null")
	must(t, err)
	defer null.Close()
	again, err := os.Open("/dev/null")
	must(t, err)
	defer again.Close()
	other, err := os.Open("/dev/zero")
	must(t, err)
	defer other.Close()
	same, zero := StreamOf(int(null.Fd())), StreamOf(int(other.Fd()))
	if same != StreamOf(int(again.Fd())) || same == zero || StreamOf(-1) != (Stream{}) {
		t.Errorf("null %+v, zero %+v, closed %+v", same, zero, StreamOf(-1))
	}
	checks := checkStreams([3]Stream{same, same, {}}, [3]Stream{same, zero, zero})
	// Of a stream that the caller had closed there is nothing to say.
	if len(checks) != 2 {
		t.Fatalf("%+v", checks)
	}
	expectCheck(t, checks[0], Proven, "the caller's")
	expectCheck(t, checks[1], Failed, "another file")
}
