package syscalls

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestDifferences(t *testing.T) {
	connector := Set{Base: "connector"}
	for _, tt := range []struct {
		name         string
		older, newer Set
		want         string // of each call: what is more, what is less
	}{
		{"themselves", connector, connector, ""},
		{"allow", connector, Set{Base: "connector", Allow: []string{"ptrace"}}, "ptrace: more ptrace; "},
		{"deny", connector, Set{Base: "connector", Deny: []string{"uname"}}, "uname: less uname; "},
		{"deny what is denied", connector, Set{Base: "connector", Deny: []string{"ptrace"}}, ""},
		{"deny beats allow", connector, Set{Base: "connector", Allow: []string{"uname"}}, ""},
		{
			"allow without the guard of the base", connector,
			Set{Base: "connector", Allow: []string{"clone"}},
			"clone: more clone(arg0=0x20000); ",
		},
		{
			"a rule", connector,
			Set{Base: "connector", Rules: []SetRule{rule(t, "read", "arg0 == 3")}},
			"read: less read(arg0=0x0); ",
		},
		{
			"a rule as said otherwise",
			Set{Base: "connector", Rules: []SetRule{rule(t, "read", "arg0 < 3")}},
			Set{Base: "connector", Rules: []SetRule{rule(t, "read", "arg0 in [2, 1, 0]")}},
			"",
		},
		{
			"both ways",
			Set{Base: "connector", Rules: []SetRule{rule(t, "read", "arg0 < 3")}},
			Set{Base: "connector", Rules: []SetRule{rule(t, "read", "arg0 in [2, 3]")}},
			"read: more read(arg0=0x3), less read(arg0=0x0); ",
		},
		{
			"a rule inside the guard of the base", connector,
			Set{Base: "connector", Rules: []SetRule{rule(t, "socket", "arg0 != AF_PACKET")}},
			"",
		},
		{
			"whole at a width",
			Set{Base: "connector", Rules: []SetRule{rule(t, "lseek", "arg1 <= 0xffffffff")}},
			connector,
			"lseek: more lseek(arg1=0x100000000); ",
		},
		{
			"on one architecture",
			Set{Base: "connector", Rules: []SetRule{rule(t, "openat", "arg2 & 0o200000 == 0o200000")}},
			Set{Base: "connector", Rules: []SetRule{rule(t, "openat", "arg2 & O_DIRECTORY == O_DIRECTORY")}},
			"openat: more openat(arg2=0x4000) on aarch64, less openat(arg2=0x10000); ",
		},
		{
			"a call of one architecture", connector, Set{Base: "connector", Allow: []string{"iopl"}}, "iopl: more iopl; ",
		},
		{"no base list", Set{Base: "none such"}, Set{Base: "none such", Allow: []string{"read"}}, "read: more read; "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := told(Differences(tt.older, tt.newer)); got != tt.want {
				t.Errorf("%s\nwant %s", got, tt.want)
			}
		})
	}
}

// told writes differences on one line.
func told(differences []Difference) string {
	text := ""
	for _, d := range differences {
		text += d.Call + ":"
		if d.Undecided {
			text += " undecided"
		}
		separator := " "
		for _, side := range []struct {
			word string
			w    Witness
		}{{"more", d.More}, {"less", d.Less}} {
			if side.w.Found {
				text += separator + side.word + " " + FormatCall(d.Call, side.w.Args)
				separator = ", "
				if side.w.Arch != 0 {
					text += " on " + side.w.Arch.String()
				}
			}
		}
		text += "; "
	}
	return text
}

// TestDifferencesOfBases: connector is a part of default, and both of unrestricted.
func TestDifferencesOfBases(t *testing.T) {
	for _, pair := range [][2]string{{"connector", "default"}, {"connector", Unrestricted}, {"default", Unrestricted}} {
		narrow, wide := Set{Base: pair[0]}, Set{Base: pair[1]}
		for _, d := range Differences(narrow, wide) {
			if d.Undecided || !d.More.Found || d.Less.Found {
				t.Errorf("%v: %s", pair, told([]Difference{d}))
			}
		}
		there, back := Differences(narrow, wide), Differences(wide, narrow)
		if len(there) < 50 || len(there) != len(back) {
			t.Errorf("%v: %d differences there, %d back", pair, len(there), len(back))
		}
	}
}

// TestDifferencesOfLargeSets: what takes too long is undecided, and soon; nothing else is.
func TestDifferencesOfLargeSets(t *testing.T) {
	large := []string{"fcntl", "futex", "getdents64", "mmap", "pread64"}
	set := Set{Base: "connector"}
	for _, call := range large {
		for i := range 1000 {
			set.Rules = append(set.Rules, rule(t, call,
				fmt.Sprintf("arg0 & %#x == %#x", uint32(i)*0x9e3779b9|1, uint32(i)*0x9e3779b9&0x0ff0ff0f|1),
				fmt.Sprintf("arg1 & %#x != 0", uint32(i)*0x85ebca6b|4), fmt.Sprintf("arg2 > %d", uint32(i)*0xc2b2ae3d|1)))
		}
	}
	set.Rules = append(set.Rules, rule(t, "read", "arg0 == 1"))
	for _, base := range []string{"connector", "default"} {
		found := map[string]Difference{}
		for _, d := range Differences(Set{Base: base}, set) {
			if found[d.Call] = d; d.Undecided != slices.Contains(large, d.Call) {
				t.Errorf("%s: %s", base, told([]Difference{d}))
			}
		}
		if !found["read"].Less.Found || len(found) < len(large)+1 {
			t.Errorf("%s: only %d differences", base, len(found))
		}
	}
}

// The calls and values of random sets are few, so that they often meet.
var (
	someCalls  = []string{"read", "socket", "clone", "openat", "fchmod", "prctl", "bpf", "ptrace", "iopl", "ioctl"}
	someValues = []uint64{0, 1, 2, 3, 4, 7, 8, 10, 16, 0xff, 0x4000, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff, 1 << 32, 1 << 63, ^uint64(0)}
)

// drawSet draws a set that Check accepts.
func drawSet(t *rapid.T, label string) Set {
	set := Set{Base: rapid.SampledFrom([]string{"connector", "connector", "default", Unrestricted}).Draw(t, label)}
	if set.Base == Unrestricted {
		return set
	}
	for _, call := range someCalls {
		switch rapid.IntRange(0, 6).Draw(t, label+" "+call) {
		case 0, 1:
			set.Allow = append(set.Allow, call)
		case 2:
			set.Deny = append(set.Deny, call)
		}
	}
	for range rapid.IntRange(0, 6).Draw(t, label+" rules") {
		r := SetRule{Syscall: rapid.SampledFrom(someCalls).Draw(t, "call")}
		for range rapid.IntRange(1, 3).Draw(t, "conditions") {
			if c, err := ParseCondition(drawCondition(t)); err == nil && c.Check(r.Syscall) == nil {
				r.When = append(r.When, c)
			}
		}
		if len(r.When) > 0 {
			set.Rules = append(set.Rules, r)
		}
	}
	return set
}

func drawCondition(t *rapid.T) string {
	arg := rapid.IntRange(0, 3).Draw(t, "arg")
	value := fmt.Sprintf("%#x", rapid.SampledFrom(someValues).Draw(t, "value"))
	switch rapid.IntRange(0, 3).Draw(t, "form") {
	case 0:
		mask := rapid.SampledFrom(someValues).Draw(t, "mask")
		op := rapid.SampledFrom([]string{"==", "!="}).Draw(t, "op")
		return fmt.Sprintf("arg%d & %#x %s %#x", arg, mask, op, rapid.SampledFrom(someValues).Draw(t, "masked")&mask)
	case 1:
		return fmt.Sprintf("arg%d in [%s, %#x]", arg, value, rapid.SampledFrom(someValues).Draw(t, "other"))
	case 2:
		return fmt.Sprintf("arg%d & O_DIRECTORY == O_DIRECTORY", arg)
	}
	return fmt.Sprintf("arg%d %s %s", arg, rapid.SampledFrom([]string{"==", "!=", "<", "<=", ">", ">="}).Draw(t, "op"), value)
}

// TestDifferencesAreExact: where nothing is said to differ, any arguments are decided
// alike, and what is said to is an example.
func TestDifferencesAreExact(t *testing.T) {
	near := rapid.Custom(func(t *rapid.T) uint64 {
		value := rapid.SampledFrom(someValues).Draw(t, "value") + rapid.SampledFrom([]uint64{0, 0, 1, ^uint64(0)}).Draw(t, "near")
		return value | rapid.SampledFrom([]uint64{0, 0, 1 << 32, 1 << 47, 0xffff0000}).Draw(t, "high")
	})
	rapid.Check(t, func(t *rapid.T) {
		older, newer := drawSet(t, "older"), drawSet(t, "newer")
		found := map[string]Difference{}
		for _, d := range Differences(older, newer) {
			found[d.Call] = d
		}
		for call, d := range found {
			if d.Undecided {
				t.Fatalf("%s is undecided", call)
			}
			checkWitness(t, call, d.More, newer, older)
			checkWitness(t, call, d.Less, older, newer)
		}
		filters := map[Arch][2]Filter{}
		for _, arch := range Arches() {
			filters[arch] = [2]Filter{filterOf(t, older, arch), filterOf(t, newer, arch)}
		}
		samples := rapid.SliceOfN(near, 24, 24).Draw(t, "arguments")
		for _, call := range append(slices.Clone(someCalls), "execve", "statx", "mount") {
			d := found[call]
			for i := 0; i+6 <= len(samples); i += 3 {
				args := [6]uint64(samples[i : i+6])
				var given [6]Argument
				for j := range Arguments(call) {
					given[j] = Argument(fmt.Sprintf("%#x", args[j]))
				}
				was, now := older.Decide(call, given), newer.Decide(call, given)
				if was.Verdict < now.Verdict && !d.More.Found || was.Verdict > now.Verdict && !d.Less.Found {
					t.Fatalf("%s is %s and %s, and that is no difference: %+v", FormatCall(call, given), was.Verdict, now.Verdict, d)
				}
				for _, arch := range archesOf(call) {
					number, _ := arch.number(call)
					asked := Data{Number: number, Arch: arch, Args: args}
					was, now := filters[arch][0].Decide(asked) == Allow, filters[arch][1].Decide(asked) == Allow
					if !was && now && !d.More.Found || was && !now && !d.Less.Found {
						t.Fatalf("%s %#x on %s: %v and %v, and that is no difference: %+v", call, args, arch, was, now, d)
					}
				}
			}
		}
	})
}

// checkWitness asks the two sets about an example.
func checkWitness(t *rapid.T, call string, w Witness, looser, tighter Set) {
	switch {
	case !w.Found:
	case w.Arch == 0:
		if yes, no := looser.Decide(call, w.Args), tighter.Decide(call, w.Args); yes.Verdict != Allowed || no.Verdict == Allowed {
			t.Fatalf("%s: %s and %s", FormatCall(call, w.Args), yes.Verdict, no.Verdict)
		}
	default:
		yes := looser.decideOn(w.Arch, call, known(w.Args, w.Arch))
		no := tighter.decideOn(w.Arch, call, known(w.Args, w.Arch))
		if yes.Verdict != Allowed || no.Verdict == Allowed {
			t.Fatalf("%s on %s: %s and %s", FormatCall(call, w.Args), w.Arch, yes.Verdict, no.Verdict)
		}
	}
}

// filterOf gives the filter of a set, and for unrestricted one that allows everything.
func filterOf(t *rapid.T, s Set, arch Arch) Filter {
	filter, err := s.Filter(arch)
	if errors.Is(err, ErrNoFilter) {
		return Filter{Arch: arch, Default: Allow, Unknown: Allow, Foreign: Allow}
	}
	if err != nil {
		t.Fatal(err)
	}
	return filter
}
