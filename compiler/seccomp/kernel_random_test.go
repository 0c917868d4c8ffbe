//go:build linux && (amd64 || arm64)

package seccomp

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"confine/policy/syscalls"
)

// TestKernelAgreesOnRandomRules: the running kernel answers a sample of the proof points
// of random rules as the filter says, for programs of every generator. The calls are
// getppid(2), which takes any arguments.
func TestKernelAgreesOnRandomRules(t *testing.T) {
	const filters, most = 15, 400
	arch, err := syscalls.ParseArch(runtime.GOARCH)
	if err != nil {
		t.Fatal(err)
	}
	number := numberHere(t, "getppid")
	allowed, denied := 0, 0
	for seed := range uint64(filters) {
		random := rand.New(rand.NewPCG(seed, 2))
		filter := syscalls.Filter{Arch: arch, Default: syscalls.Allow, Unknown: syscalls.Allow, Foreign: syscalls.KillProcess}
		rule := syscalls.Rule{Name: "getppid", Number: number, Otherwise: syscalls.Fail(syscalls.Errno(100))}
		for i := range 1 + random.IntN(3) {
			c := syscalls.Case{Then: syscalls.Allow}
			if random.IntN(3) == 0 {
				c.Then = syscalls.Fail(syscalls.Errno(101 + i))
			}
			for range 1 + random.IntN(2) {
				c.When = append(c.When, randomTest(random))
			}
			rule.Cases = append(rule.Cases, c)
		}
		filter.Rules = []syscalls.Rule{rule}
		points := sample(random, rule, most)
		var calls []string
		for _, args := range points {
			calls = append(calls, fmt.Sprintf("%d %d %d", number, args[0], args[1]))
		}
		for _, g := range generators(t) {
			got := answers(t, compileWith(t, g, filter).Program, calls)
			for i, args := range points {
				var want syscalls.Errno
				if action := filter.Decide(syscalls.Data{Number: number, Arch: arch, Args: args}); action == syscalls.Allow {
					allowed++
				} else {
					want = syscalls.Errno(action & 0xffff)
					denied++
				}
				if got[i] != want {
					t.Errorf("seed %d, %s: %s%#x: %s by the kernel, want %s", seed, g.Name(), rule, args, got[i], want)
				}
			}
		}
	}
	if allowed < 100 || denied < 100 {
		t.Errorf("%d calls allowed and %d denied: the test does not test", allowed, denied)
	}
}

func sample(random *rand.Rand, r syscalls.Rule, most int) [][6]uint64 {
	var points [][6]uint64
	for args := range proofArgs(r) {
		points = append(points, args)
	}
	random.Shuffle(len(points), func(i, j int) { points[i], points[j] = points[j], points[i] })
	return points[:min(most, len(points))]
}

// answers makes calls, numbers and arguments apart by blanks, under p in one subject and
// returns the error numbers.
func answers(t *testing.T, p Program, calls []string) []syscalls.Errno {
	t.Helper()
	raw, err := p.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	cmd := subject(t, "calls", false)
	cmd.Env = append(cmd.Env, filterVariable+"="+hex.EncodeToString(raw))
	cmd.Stdin = strings.NewReader(strings.Join(calls, "\n") + "\n")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("the subject ended with %s", describeExit(err))
	}
	lines := strings.Fields(string(out))
	if len(lines) != len(calls) {
		t.Fatalf("%d answers to %d calls", len(lines), len(calls))
	}
	var errnos []syscalls.Errno
	for _, line := range lines {
		errno, err := strconv.ParseUint(line, 10, 16)
		if err != nil {
			t.Fatal(err)
		}
		errnos = append(errnos, syscalls.Errno(errno))
	}
	return errnos
}
