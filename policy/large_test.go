package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"confine/policy"
)

// large is the size of the policies here: some thousand entries, so that a step which looks
// at all of them for each shows, and the tests take seconds.
const large = policy.MaxSource / 8

// fill repeats what unit gives until a policy is large.
func fill(head, tail string, unit func(i int) string) string {
	var out strings.Builder
	out.WriteString(head)
	for i := 0; ; i++ {
		next := unit(i)
		if out.Len()+len(next)+len(tail) > large {
			return out.String() + tail
		}
		out.WriteString(next)
	}
}

// TestLargePolicies: resolving a sealed base and a large child ends, and so does their
// comparison.
func TestLargePolicies(t *testing.T) {
	one := func(text string) func(int) string {
		return func(i int) string { return strings.ReplaceAll(text, "%", fmt.Sprintf("%x", i)) }
	}
	deep := "/" + strings.Repeat("a/", 2000)
	runs := func(i int) string { return "'" + strings.Repeat("A", i+1) + "0', " }
	for name, c := range map[string]struct {
		table, base, child, end string
		unit, again             func(int) string
	}{
		"paths":             {"filesystem", "read = [", "write = [", "]", one("'/a%', "), one("'/a%', ")},
		"deep paths":        {"filesystem", "read = [", "write = [", "]", one("'" + deep + "%', "), one("'" + deep + "%', ")},
		"hosts":             {"network", "mode = 'egress'\negress = [", "egress = [", "]", one("'*.a%.example.com:443', "), one("'*.b%.example.com:443', ")},
		"hosts of one name": {"network", "mode = 'egress'\negress = [", "egress = ['*.example.com:2', ", "]", one("'x%.example.com:2', "), one("'x%.example.com:1', ")},
		"networks":          {"network", "private = [", "private = ['::/0', ", "]", one("'2001:db8::%/128', "), one("'2001:db8::1:%/128', ")},
		"addresses":         {"network", "mode = 'egress'\nprivate = ['fc00::/7', ", "egress = [", "]", one("'fd00::%/128', "), one("'[fc00::%]:1', ")},
		"variables":         {"environment", "pass = [", "pass = ['A*', ", "]", one("'A%*', "), one("'B%', ")},
		"long variables":    {"environment", "pass = [", "pass = ['A*', ", "]", runs, runs},
		"values":            {"environment", "pass = [", "set = { ", "}", one("'A%', "), one("A% = '', ")},
		"links":             {"filesystem", "read = [", "links = { ", "}", one("'/b%', "), one("'/a%' = '/b%', ")},
		"links of both":     {"filesystem", "read = ['/b0']\nlinks = { '/x' = '/y', ", "links = { '/x' = '/z', ", "}", one("'/a%' = '/b%', "), one("'/c%' = '/b%', ")},
	} {
		t.Run(name, func(t *testing.T) {
			end := c.end
			if strings.LastIndex(c.base, "[") > strings.LastIndex(c.base, "{") {
				end = "]"
			}
			s := shelf{
				"base":  fill(headed("p", "["+c.table+"]\nsealed = true\n"+c.base), end+"\n", c.unit),
				"child": fill(headed("p", "extends = ['base']\n["+c.table+"]\n"+c.child), c.end+"\n", c.again),
			}
			_, err := s.resolve("child", policy.Options{})
			if err == nil {
				t.Fatal("what loosens a sealed table is accepted")
			}
			if n := len(told(err)); n > 1<<18 {
				t.Errorf("the diagnostics take %d bytes", n)
			}
			s["base"] = strings.Replace(s["base"], "sealed = true\n", "", 1)
			older, newer := mustResolve(t, s, "base", policy.Options{}), mustResolve(t, s, "child", policy.Options{})
			if len(policy.Compare(older, newer)) == 0 || len(policy.Compare(newer, older)) == 0 {
				t.Error("no change")
			}
		})
	}
}

// TestLargeRemovals: taking everything out ends, and so does failing to.
func TestLargeRemovals(t *testing.T) {
	entry := func(i int) string { return fmt.Sprintf("'/a%d', ", i) }
	other := func(i int) string { return fmt.Sprintf("'/b%d', ", i) }
	s := shelf{
		"base":  fill(headed("p", "[filesystem]\nread = ["), "]\n", entry),
		"all":   fill(headed("p", "extends = ['base']\n[filesystem]\nremove = { read = ["), "] }\n", entry),
		"wrong": fill(headed("p", "extends = ['base']\n[filesystem]\nremove = { read = ["), "] }\n", other),
		"params": fill(headed("p", "[params]\n"), "[filesystem]\nread = ['"+strings.Repeat("/${nope}", 1000)+"']\n", func(i int) string {
			return fmt.Sprintf("a%d = { type = 'label', pattern = 'a' }\n", i)
		}),
	}
	if n := strings.Count(s["base"], "'/a") - strings.Count(s["all"], "'/a"); n > 10 {
		t.Fatalf("%d entries stay", n)
	}
	_ = mustResolve(t, s, "all", policy.Options{})
	refused(t, s, "wrong", policy.Options{}, "more errors follow")
	refused(t, s, "params", policy.Options{Unbound: true}, "more errors follow")
}
