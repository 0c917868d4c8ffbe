package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"confine/policy"

	"pgregory.net/rapid"
)

// removals draws removals of what an inherited table has, for a child to state.
func removals(t *rapid.T, table string, p *policy.Policy) string {
	entries := map[string][]string{}
	switch table {
	case "network":
		for _, e := range p.Network.Egress {
			entries["egress"] = append(entries["egress"], e.String())
		}
		for _, n := range p.Network.Private {
			entries["private"] = append(entries["private"], n.Prefix.String())
		}
	case "filesystem":
		for _, e := range p.Filesystem.Entries {
			entries[string(e.Mode)] = append(entries[string(e.Mode)], e.Path)
		}
		for _, l := range p.Filesystem.Links {
			entries["links"] = append(entries["links"], l.From)
		}
	case "capabilities":
		for _, c := range p.Capabilities {
			entries["keep"] = append(entries["keep"], c.Name)
		}
	case "syscalls":
		for _, e := range p.Syscalls.Allow {
			entries["allow"] = append(entries["allow"], e.Name)
		}
		for _, e := range p.Syscalls.Deny {
			entries["deny"] = append(entries["deny"], e.Name)
		}
	case "environment":
		for _, e := range p.Environment.Pass {
			entries["pass"] = append(entries["pass"], e.Pattern)
		}
		for _, v := range p.Environment.Set {
			entries["set"] = append(entries["set"], v.Name)
		}
	case "rlimits":
		var names []string
		for _, l := range p.Rlimits {
			if rapid.IntRange(0, 3).Draw(t, "remove") == 0 {
				names = append(names, fmt.Sprintf("%q", l.Name))
			}
		}
		return "remove = [" + strings.Join(names, ", ") + "]\n"
	}
	var out []string
	for _, list := range sortedKeys(entries) {
		var some []string
		for _, e := range entries[list] {
			if rapid.IntRange(0, 5).Draw(t, "remove") == 0 {
				some = append(some, fmt.Sprintf("%q", e))
			}
		}
		if len(some) > 0 {
			out = append(out, list+" = ["+strings.Join(some, ", ")+"]")
		}
	}
	if len(out) == 0 {
		return ""
	}
	return "remove = { " + strings.Join(out, ", ") + " }\n"
}

var sealable = []string{"network", "filesystem", "rlimits", "capabilities", "environment", "syscalls"}

// callsStated draws the lines of a [syscalls] table.
func callsStated(t *rapid.T) string {
	var lists [2][]string
	for _, call := range comparedCalls {
		if at := rapid.IntRange(0, 5).Draw(t, call); at < 2 {
			lists[at] = append(lists[at], fmt.Sprintf("%q", call))
		}
	}
	return fmt.Sprintf("base = %q\nallow = [%s]\ndeny = [%s]\n",
		rapid.SampledFrom([]string{"connector", "default"}).Draw(t, "base"), strings.Join(lists[0], ", "), strings.Join(lists[1], ", "))
}

// child draws a policy that extends others: mostly it states little, so that often nothing
// of it is refused. inherited is what the bases are together, for it to remove from.
func child(t *rapid.T, name string, bases []string, inherited *policy.Policy) string {
	stated := tablesOf(t, true)
	stated["syscalls"] = callsStated(t)
	var out strings.Builder
	for _, table := range sealable {
		if table == "syscalls" && rapid.IntRange(0, 2).Draw(t, "calls") > 0 {
			continue
		}
		var text string
		if inherited != nil {
			text += removals(t, table, inherited)
		}
		for _, line := range strings.SplitAfter(stated[table], "\n") {
			if bases == nil || rapid.IntRange(0, 5).Draw(t, "state") == 0 {
				text += line
			}
		}
		if rapid.IntRange(0, 2).Draw(t, "seal") == 0 {
			text += "sealed = true\n"
		}
		if text != "" {
			fmt.Fprintf(&out, "[%s]\n%s", table, text)
		}
	}
	extends := ""
	if bases != nil {
		extends = fmt.Sprintf("extends = [\"%s\"]\n", strings.Join(bases, `", "`))
	}
	return headed(name, extends+out.String())
}

// seals reports whether a policy says sealed = true in a table.
func seals(text, table string) bool {
	_, section, ok := strings.Cut(text, "["+table+"]\n")
	section, _, _ = strings.Cut(section, "\n[")
	return ok && strings.Contains(section+"\n", "sealed = true\n")
}

// looserGateway reports whether the gateway of one network lets through what that of
// another does not, the hosts aside.
func looserGateway(was, now policy.Network) bool {
	if was.Mode != policy.NetworkEgress || now.Mode != policy.NetworkEgress {
		return false
	}
	looser := func(was, now uint64) bool { return was > 0 && (now == 0 || now > was) }
	return was.Fronting == policy.FrontingDeny && now.Fronting == policy.FrontingAllow ||
		looser(was.MaxBytes, now.MaxBytes) || looser(was.MaxConnections, now.MaxConnections)
}

// TestSealed: whatever a chain or a diamond of policies states and removes, if it is
// accepted then nothing that decides by a table is allowed that the base which seals the
// table denies.
func TestSealed(t *testing.T) {
	accepted := 0
	rapid.Check(t, func(t *rapid.T) {
		s := shelf{}
		add := func(name string, bases ...string) {
			var inherited *policy.Policy
			if bases != nil {
				joined := shelf{"joined": headed("joined", fmt.Sprintf("extends = [\"%s\"]\n", strings.Join(bases, `", "`)))}
				for k, v := range s {
					joined[k] = v
				}
				inherited, _ = joined.resolve("joined", policy.Options{})
			}
			s[name] = child(t, name, bases, inherited)
		}
		add("base")
		if rapid.Bool().Draw(t, "diamond") {
			add("left", "base")
			add("right", "base")
			add("root", "left", "right")
		} else {
			add("middle", "base")
			add("root", "middle")
		}
		root, err := s.resolve("root", policy.Options{})
		if err != nil {
			return
		}
		accepted++
		accesses := append(rapid.SliceOfN(anyAccess(), 100, 100).Draw(t, "accesses"),
			rapid.SliceOfN(anyCall(), 20, 20).Draw(t, "calls")...)
		for _, name := range sortedKeys(s) {
			base, err := s.resolve(name, policy.Options{})
			if err != nil || name == "root" {
				continue
			}
			if seals(s[name], "network") && looserGateway(base.Network, root.Network) {
				t.Fatalf("%s seals, and more is let through (was: %+v; now: %+v)", name, base.Network, root.Network)
			}
			for _, a := range accesses {
				if !seals(s[name], tableOf(a)) {
					continue
				}
				was, now := base.Decide(a), root.Decide(a)
				if now.Allowed && !was.Allowed {
					t.Fatalf("%s seals, and %s is newly allowed (was: %s; now: %s)", name, a, was.Because, now.Because)
				}
			}
		}
	})
	if accepted == 0 {
		t.Error("no chain was accepted")
	}
}
