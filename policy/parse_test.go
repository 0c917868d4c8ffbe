package policy_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"confine/policy"
	"confine/policy/syscalls"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares got with a file, or writes the file under -update.
func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (run the test with -update)", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs\n--- got\n%s--- want\n%s", file, got, want)
	}
}

func inputs(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", dir, "*.toml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no inputs in %s: %v", dir, err)
	}
	return files
}

// parseAs parses a file under its base name, so that goldens hold no host path.
func parseAs(t *testing.T, file string) (*policy.Policy, error) {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return policy.Parse(filepath.Base(file), src)
}

func TestParseDiagnostics(t *testing.T) {
	for _, file := range inputs(t, "bad") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			p, err := parseAs(t, file)
			var ds policy.Diagnostics
			if p != nil || !errors.As(err, &ds) || len(ds) == 0 {
				t.Fatalf("Parse gave %v, %v; want diagnostics", p, err)
			}
			var out bytes.Buffer
			if err := ds.Render(&out); err != nil {
				t.Fatal(err)
			}
			asJSON, err := json.Marshal(ds)
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range []string{out.String(), string(asJSON), ds.Error()} {
				if strings.Contains(text, "hunter2") {
					t.Errorf("a secret is shown:\n%s", text)
				}
			}
			golden(t, strings.TrimSuffix(file, ".toml")+".golden", out.Bytes())
		})
	}
}

func TestParseOK(t *testing.T) {
	for _, file := range inputs(t, "ok") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			p, err := parseAs(t, file)
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.MarshalIndent(p, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden(t, strings.TrimSuffix(file, ".toml")+".golden", append(got, '\n'))
		})
	}
}

func TestParseDefaults(t *testing.T) {
	p := mustParse(t, "")
	if p.Network.Mode != policy.NetworkNone || !p.Network.At.IsZero() {
		t.Errorf("network is %+v", p.Network)
	}
	if p.Filesystem.Proc != policy.ProcNone || p.Filesystem.Dev != policy.DevNone {
		t.Errorf("proc is %s, dev is %s", p.Filesystem.Proc, p.Filesystem.Dev)
	}
	if p.Syscalls.Base != policy.SyscallsConnector || p.Syscalls.OnDeny != syscalls.DenyErrno {
		t.Errorf("syscalls.base is %q, on_deny %q", p.Syscalls.Base, p.Syscalls.OnDeny)
	}
	if len(p.Filesystem.Entries)+len(p.Rlimits)+len(p.Capabilities)+len(p.Environment.Pass)+len(p.Environment.Set) != 0 {
		t.Errorf("an absent table gives something: %+v", p)
	}
}

// TestParseOrder: the order of entries and tables changes nothing but positions.
func TestParseOrder(t *testing.T) {
	a := mustParse(t, "[filesystem]\nread = ['/a', '/c']\nmap = ['/b']\n[rlimits]\ncore = 0\nas = 1\n")
	b := mustParse(t, "[rlimits]\nas = 1\ncore = 0\n[filesystem]\nmap = ['/b']\nread = ['/c', '/a']\n")
	for i := range a.Filesystem.Entries {
		x, y := a.Filesystem.Entries[i], b.Filesystem.Entries[i]
		if x.Path != y.Path || x.Mode != y.Mode {
			t.Errorf("entry %d is %v and %v", i, x, y)
		}
	}
	const calls, more = "[syscalls]\nallow = ['bpf', %s]\n", "[[syscalls.rule]]\nsyscall = '%s'\nwhen = [%s]\n"
	x := mustParse(t, fmt.Sprintf(calls, "'acct'")+
		fmt.Sprintf(more, "read", "'arg0 == 1', 'arg2 < 9'")+fmt.Sprintf(more, "bpf", "'arg0 == 1'"))
	y := mustParse(t, fmt.Sprintf(calls, "'acct'")+
		fmt.Sprintf(more, "bpf", "'arg0 == 1'")+fmt.Sprintf(more, "read", "'arg2 < 9', 'arg0 == 1'"))
	if !reflect.DeepEqual(x.Syscalls.Set(), y.Syscalls.Set()) {
		t.Errorf("the order of rules makes a difference:\n%+v\n%+v", x.Syscalls.Set(), y.Syscalls.Set())
	}
	for i := range a.Rlimits {
		if a.Rlimits[i].Name != b.Rlimits[i].Name {
			t.Errorf("limit %d is %v and %v", i, a.Rlimits[i], b.Rlimits[i])
		}
	}
}

func TestParseTooLarge(t *testing.T) {
	src := append([]byte("schema = 1\nname = \"a\"\n#"), bytes.Repeat([]byte("x"), policy.MaxSource)...)
	_, err := policy.Parse("big.toml", src)
	if err == nil || !strings.Contains(err.Error(), "larger than 1 MiB") {
		t.Errorf("got %v", err)
	}
	if _, err := policy.Parse("fits.toml", src[:policy.MaxSource]); err != nil {
		t.Errorf("a policy of exactly 1 MiB: %v", err)
	}
}

// TestLargestInputs end, with diagnostics of bounded size. Each of these was or
// would be quadratic in a naive scanner, decoder or renderer.
func TestLargestInputs(t *testing.T) {
	fill := func(head, unit, tail string) string {
		n := (policy.MaxSource - len(head) - len(tail)) / len(unit)
		return head + strings.Repeat(unit, n) + tail
	}
	top := "schema = 1\nname = \"a\"\n[filesystem]\n"
	for name, src := range map[string]string{
		"one line of bad paths": fill(top+"read = [", "\"x\",", "]"),
		"many unknown keys":     fill("", "[a]\n", ""),
		"nested arrays":         fill("a = ", "[", ""),
		"nested tables":         fill("a = ", "{a=", ""),
		"dotted key":            fill("", "a.", "a = 1"),
		"long path":             fill(top+"read = [\"", "/a", "\"]"),
		"many unknown calls":    fill("schema = 1\nname = \"a\"\n[syscalls]\nallow = [", "\"raed\",", "]"),
		"many bad conditions":   fill("schema = 1\nname = \"a\"\n[[syscalls.rule]]\nsyscall = \"read\"\nwhen = [", "\"arg0 == AF_INTE\",", "]"),
		"many rules":            fill("schema = 1\nname = \"a\"\n[syscalls]\nrule = [", "{ syscall = \"read\", when = [\"arg0 == 1\"] },", "]"),
		"one long condition":    fill("schema = 1\nname = \"a\"\n[[syscalls.rule]]\nsyscall = \"read\"\nwhen = [\"arg0 in [1", ",1", "\"]"),
		"one long constant":     fill("schema = 1\nname = \"a\"\n[[syscalls.rule]]\nsyscall = \"read\"\nwhen = [\"arg0 == A", "F_", "\"]"),
		"unclosed string":       fill("a = \"\"\"", "\\\"\"", ""),
		"wide comment":          fill("a = 1 # ", "\t日", ""),
		"long key":              fill("", "a", " = 1"),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := policy.Parse("x.toml", []byte(src))
			var ds policy.Diagnostics
			if !errors.As(err, &ds) {
				t.Fatalf("no diagnostics: %v", err)
			}
			var out bytes.Buffer
			if err := ds.Render(&out); err != nil {
				t.Fatal(err)
			}
			if out.Len() > 1<<16 {
				t.Errorf("the diagnostics take %d bytes", out.Len())
			}
		})
	}
}

func mustParse(t testing.TB, rest string) *policy.Policy {
	t.Helper()
	p, err := policy.Parse("test.toml", []byte("schema = 1\nname = \"test\"\n"+rest))
	if err != nil {
		var ds policy.Diagnostics
		if errors.As(err, &ds) {
			var out bytes.Buffer
			_ = ds.Render(&out)
			t.Fatal(out.String())
		}
		t.Fatal(err)
	}
	return p
}
