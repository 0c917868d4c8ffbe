package policy_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"confine/policy"

	"pgregory.net/rapid"
)

// The vocabulary of random policies is small, so that what they say often meets.
var (
	someHosts = []string{
		"example.com:443", "example.com:80", "a.example.com:443", "x.example.com:443", "x1.example.com:443",
		"*.example.com:443", "*.example.com:80", "*.a.example.com:443", "*.x.example.com:443",
		"192.0.2.1:443", "[2001:db8::1]:443",
	}
	someNetworks = []string{
		"10.0.0.0/8", "10.0.0.0/9", "10.128.0.0/9", "10.1.0.0/16", "10.1.2.3/32", "fc00::/7", "fc00::/8", "fd00::/8",
	}
	somePatterns = []string{"A", "A*", "AX", "AX*", "AXX*", "A_*", "B", "B*", "X*", "XX"}
	someNames    = []string{"A", "AX", "AXX", "AXXX", "AB", "A_", "A_B", "B", "BA", "X", "XX", "XXX", "C", "Z"}
	someLinks    = [][2]string{
		{"/a", "/b"},
		{"/a/b", "/ab"},
		{"/ab", "/b/ab"},
		{"/b", "/ab/a"},
		{"/a/a", "/b"},
		{"/b/b", "/a"},
		{"/b/a", "/ab/b"},
		{"/ab/l", "/ab"},
		{"/a/l", "/a/b"},
		{"/l", "/proc/self"},
		{"/m", "/dev"},
	}
	someLimits = []string{"as", "nofile", "core"}
	someCaps   = []string{"CAP_CHOWN", "CAP_KILL", "CAP_BPF"}
)

// tables of a random policy that can be sealed, and the text of each.
func tablesOf(t *rapid.T, links bool) map[string]string {
	tables := map[string]string{}
	list := func(key string, items []string) string {
		if len(items) == 0 {
			return ""
		}
		quoted := make([]string, len(items))
		for i, item := range items {
			quoted[i] = strconv.Quote(item)
		}
		return key + " = [" + strings.Join(quoted, ", ") + "]\n"
	}
	some := func(from []string, label string) []string {
		return rapid.SliceOfNDistinct(rapid.SampledFrom(from), 0, 4, rapid.ID[string]).Draw(t, label)
	}
	mode := rapid.SampledFrom([]string{"none", "egress", "egress", "egress", "host"}).Draw(t, "mode")
	network := "mode = " + strconv.Quote(mode) + "\n"
	if mode != "host" {
		network += list("egress", some(someHosts, "egress")) + list("private", some(someNetworks, "private"))
		network += rapid.SampledFrom([]string{"", "fronting = \"deny\"\n", "fronting = \"allow\"\n"}).Draw(t, "fronting")
		for _, bound := range []string{"max_bytes", "max_connections"} {
			if n := rapid.IntRange(0, 3).Draw(t, bound); n > 0 {
				network += fmt.Sprintf("%s = %d\n", bound, n)
			}
		}
	}
	tables["network"] = network

	modes := modesOf().Draw(t, "files")
	byMode := map[policy.PathMode][]string{}
	for _, path := range sortedPaths(modes) {
		byMode[modes[path]] = append(byMode[modes[path]], path)
	}
	var files strings.Builder
	for _, mode := range lists {
		if mode == policy.ModeTmp && len(byMode[mode]) > 0 {
			var items []string
			for _, path := range byMode[mode] {
				size := rapid.SampledFrom([]string{"", ", size = 1", ", size = 2"}).Draw(t, "size")
				items = append(items, "{ path = "+strconv.Quote(path)+size+" }")
			}
			files.WriteString("tmp = [" + strings.Join(items, ", ") + "]\n")
			continue
		}
		files.WriteString(list(string(mode), byMode[mode]))
	}
	if links {
		at := rapid.SliceOfNDistinct(rapid.IntRange(0, len(someLinks)-1), 0, 3, rapid.ID[int]).Draw(t, "links")
		var items []string
		for _, i := range at {
			items = append(items, fmt.Sprintf("%q = %q", someLinks[i][0], someLinks[i][1]))
		}
		if len(items) > 0 {
			files.WriteString("links = { " + strings.Join(items, ", ") + " }\n")
		}
	}
	files.WriteString(rapid.SampledFrom([]string{"", "proc = \"self\"\n", "proc = \"none\"\n"}).Draw(t, "proc"))
	files.WriteString(rapid.SampledFrom([]string{"", "dev = \"minimal\"\n", "dev = \"none\"\n"}).Draw(t, "dev"))
	tables["filesystem"] = files.String()

	for _, name := range some(someLimits, "limits") {
		tables["rlimits"] += fmt.Sprintf("%s = %d\n", name, rapid.IntRange(1, 3).Draw(t, name))
	}
	tables["capabilities"] = list("keep", some(someCaps, "keep"))
	pass := some(somePatterns, "pass")
	tables["environment"] = list("pass", pass)
	var set []string
	for _, name := range some(someNames, "set") {
		if !slices.Contains(pass, name) {
			set = append(set, fmt.Sprintf("%s = \"%d\"", name, rapid.IntRange(0, 1).Draw(t, "value")))
		}
	}
	if len(set) > 0 {
		tables["environment"] += "set = { " + strings.Join(set, ", ") + " }\n"
	}
	if rapid.Bool().Draw(t, "bounds") {
		tables["process"] = fmt.Sprintf("memory = %d\npids = %d\n", rapid.IntRange(1, 3).Draw(t, "memory"), rapid.IntRange(1, 3).Draw(t, "pids"))
	}
	return tables
}

// textOf writes tables in the order of their names.
func textOf(tables map[string]string) string {
	var out strings.Builder
	for _, name := range sortedKeys(tables) {
		if tables[name] != "" {
			fmt.Fprintf(&out, "[%s]\n%s", name, tables[name])
		}
	}
	return out.String()
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// randomPolicy draws a policy. Links that contradict the paths, or one another, are
// left out.
func randomPolicy(t *rapid.T, name string) *policy.Policy {
	tables := tablesOf(t, true)
	p, err := policy.Parse(name+".toml", []byte(headed(name, textOf(tables))))
	if err == nil {
		return p
	}
	kept := tables["filesystem"]
	if at := strings.Index(kept, "links ="); at >= 0 {
		tables["filesystem"] = kept[:at] + kept[at+strings.IndexByte(kept[at:], '\n')+1:]
	}
	p, err = policy.Parse(name+".toml", []byte(headed(name, textOf(tables))))
	if err != nil {
		t.Fatalf("%s\n%s", told(err), textOf(tables))
	}
	return p
}

// anyAccess draws an access that random policies have an opinion on, but for system
// calls.
func anyAccess() *rapid.Generator[policy.Access] {
	return rapid.Custom(func(t *rapid.T) policy.Access {
		switch rapid.IntRange(0, 7).Draw(t, "what") {
		case 0:
			host := rapid.SampledFrom([]string{
				"example.com", "a.example.com", "x.example.com", "xx.example.com", "x.a.example.com", "x.x.example.com",
				"q.example.com", "q.r.example.com", "example.net", "192.0.2.1", "2001:db8::1", "192.0.2.2",
			}).Draw(t, "host")
			if rapid.Bool().Draw(t, "resolve") {
				return policy.Access{Kind: policy.AccessResolve, Target: host}
			}
			return policy.Access{
				Kind: policy.AccessConnect, Target: host, Port: rapid.SampledFrom([]uint16{80, 443}).Draw(t, "port"),
			}
		case 1:
			return policy.Access{Kind: policy.AccessCapability, Target: rapid.SampledFrom(someCaps).Draw(t, "cap")}
		case 2:
			return policy.Access{
				Kind: policy.AccessRlimit, Target: rapid.SampledFrom(someLimits).Draw(t, "limit"),
				Value: rapid.Uint64Range(0, 5).Draw(t, "amount"),
			}
		case 3:
			return policy.Access{Kind: policy.AccessEnv, Target: rapid.SampledFrom(someNames).Draw(t, "variable")}
		}
		part := rapid.SampledFrom([]string{"a", "b", "ab", "a", "b", "l", "q"})
		path := "/" + strings.Join(rapid.SliceOfN(part, 1, 6).Draw(t, "path"), "/")
		if rapid.IntRange(0, 5).Draw(t, "special") == 0 {
			path = rapid.SampledFrom([]string{
				"/proc", "/proc/self", "/proc/self/maps", "/proc/7", "/proc/7/maps", "/proc/kcore", "/proc/sys/q", "/proc/mounts",
				"/dev", "/dev/null", "/dev/zero", "/dev/shm", "/dev/shm/q", "/dev/fd", "/dev/fd/0", "/dev/stdin", "/dev/sda",
				"/l", "/l/maps", "/m", "/m/null", "/m/shm/q", "/m/sda",
			}).Draw(t, "path of the kernel")
		}
		return policy.Access{Kind: rapid.SampledFrom(fileVerbs).Draw(t, "verb"), Target: path}
	})
}

// randomPair draws two policies that share most of what they say, so that what they
// share hides nothing of what they do not.
func randomPair(t *rapid.T) (older, newer *policy.Policy) {
	parse := func(name string, tables map[string]string) (*policy.Policy, error) {
		return policy.Parse(name+".toml", []byte(headed(name, textOf(tables))))
	}
	var tables map[string]string
	for _, links := range []bool{true, false} {
		var err error
		tables = tablesOf(t, links)
		if older, err = parse("older", tables); err == nil {
			break
		}
	}
	if older == nil {
		t.Fatal("no policy without links is valid")
	}
	other := tablesOf(t, true)
	mixed := map[string]string{}
	for _, name := range sortedKeys(tables) {
		mixed[name] = mix(t, tables[name], other[name])
		if newer, err := parse("newer", map[string]string{name: mixed[name]}); err != nil || newer == nil {
			mixed[name] = tables[name]
		}
	}
	newer, err := parse("newer", mixed)
	if err != nil {
		t.Fatalf("%s\n%s", told(err), textOf(mixed))
	}
	return older, newer
}

// mix takes every key of a table from one of two texts.
func mix(t *rapid.T, a, b string) string {
	keys := map[string][2]string{}
	for i, text := range []string{a, b} {
		for _, line := range strings.SplitAfter(text, "\n") {
			if key, _, ok := strings.Cut(line, " ="); ok {
				both := keys[key]
				both[i] = line
				keys[key] = both
			}
		}
	}
	var out strings.Builder
	for _, key := range sortedKeys(keys) {
		if rapid.IntRange(0, 3).Draw(t, key) == 0 {
			out.WriteString(keys[key][1])
		} else {
			out.WriteString(keys[key][0])
		}
	}
	return out.String()
}
