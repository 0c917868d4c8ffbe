package seccomp

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"confine/policy/syscalls"
)

// TestPathsOfGenerators prints the programs of all generators side by side and bounds what
// a call costs: with libseccomp's tree a path may be a little longer than with ours.
func TestPathsOfGenerators(t *testing.T) {
	for title, filter := range shippedFilters(t) {
		var ours PathReport
		for _, g := range generators(t) {
			compiled := compileWith(t, g, filter)
			paths := compiled.Paths
			if g.Name() == Go().Name() {
				ours = paths
			}
			t.Logf("%s by %s: %s", title, g.Name(), paths)
			if paths.Instructions != len(compiled.Program) || paths.Allowed != ours.Allowed || paths.Average > float64(paths.Worst) {
				t.Errorf("%s by %s: %+v does not fit %+v", title, g.Name(), paths, ours)
			}
			if g.Name() != imitation(false).Name() && paths.Average > 1.5*ours.Average {
				t.Errorf("%s by %s: %.1f instructions on average, ours %.1f", title, g.Name(), paths.Average, ours.Average)
			}
		}
	}
}

// TestPathOfOneCall: a path is counted as the kernel counts it.
func TestPathOfOneCall(t *testing.T) {
	filter := syscalls.Filter{
		Arch: syscalls.X86_64, Default: syscalls.Fail(syscalls.EPERM),
		Unknown: syscalls.Fail(syscalls.EPERM), Foreign: syscalls.KillProcess,
		Rules: []syscalls.Rule{{Name: "read", Number: 0, Otherwise: syscalls.Allow}},
	}
	want := PathReport{Instructions: 7, Allowed: 1, Average: 5, Worst: 5, WorstSyscall: "read"}
	// Load and compare the architecture, load and compare the number, return.
	if got := compileWith(t, Go(), filter).Paths; got.Average != want.Average || got.Worst != want.Worst || got.Allowed != 1 || got.WorstSyscall != "read" {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestTooLongSaysWhichRulesCost: the error names the most expensive rules first.
func TestTooLongSaysWhichRulesCost(t *testing.T) {
	for _, g := range generators(t) {
		filter := connectorFilter(t, syscalls.X86_64)
		for i, count := range map[int]uint64{3: 2000, 7: 3000} {
			condition := syscalls.Test{Arg: 0, Width: syscalls.Low32, Op: syscalls.OneOf}
			for value := range count {
				condition.Values = append(condition.Values, syscalls.Constant{Value: 5 * value})
			}
			filter.Rules[i].Cases = []syscalls.Case{{When: []syscalls.Test{condition}, Then: syscalls.Fail(syscalls.EPERM)}}
		}
		_, err := CompileWith(context.Background(), g, filter)
		var long *TooLongError
		if !errors.As(err, &long) {
			t.Fatalf("%s: %v", g.Name(), err)
		}
		if first, second := long.Costliest[0], long.Costliest[1]; first.Syscall != filter.Rules[7].Name || second.Syscall != filter.Rules[3].Name || long.Instructions < 5000 {
			t.Errorf("%s: %v", g.Name(), err)
		}
		if text := err.Error(); !strings.Contains(text, filter.Rules[7].Name+" 3") || !strings.Contains(text, "4096") {
			t.Errorf("%s: %s", g.Name(), text)
		}
	}
}

// BenchmarkGenerators is the time to write a filter, without the proof, in turns with
// ours: the metrics are ratios to ours, of the time, the program and its average path.
func BenchmarkGenerators(b *testing.B) {
	filter := connectorFilter(b, syscalls.X86_64)
	ours := compileWith(b, Go(), filter).Paths
	for _, g := range generators(b) {
		b.Run(g.Name(), func(b *testing.B) {
			var spent [2]time.Duration
			for b.Loop() {
				for i, each := range []Generator{Go(), g} {
					started := time.Now()
					if _, err := each.Generate(context.Background(), filter); err != nil {
						b.Fatal(err)
					}
					spent[i] += time.Since(started)
				}
			}
			paths := compileWith(b, g, filter).Paths
			b.ReportMetric(float64(spent[1])/float64(spent[0]), "time/ours")
			b.ReportMetric(float64(paths.Instructions)/float64(ours.Instructions), "instructions/ours")
			b.ReportMetric(paths.Average/ours.Average, "path/ours")
			b.ReportMetric(float64(paths.Worst)/float64(ours.Worst), "worst/ours")
		})
	}
}

// BenchmarkProof is the time to prove it.
func BenchmarkProof(b *testing.B) {
	filter := connectorFilter(b, syscalls.X86_64)
	for _, g := range generators(b) {
		program := compileWith(b, g, filter).Program
		b.Run(g.Name(), func(b *testing.B) {
			for b.Loop() {
				if err := Prove(filter, program); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
