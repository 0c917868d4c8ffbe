package policy_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"confine/policy"
	"confine/policy/schema"
)

func policySchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := schema.Policy()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// held holds a policy against the schema as an editor does: dates are strings.
func held(t rapid.TB, s *jsonschema.Schema, text string) error {
	var doc map[string]any
	if _, err := toml.Decode(text, &doc); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if accepts, ok := doc["accept"].([]map[string]any); ok {
		for _, accept := range accepts {
			if until, ok := accept["until"].(time.Time); ok {
				accept["until"] = until.Format(time.DateOnly)
			}
		}
	}
	data, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(value)
}

// The schema accepts every policy that Parse accepts.
func TestSchemaAcceptsRandomPolicies(t *testing.T) {
	s := policySchema(t)
	rapid.Check(t, func(t *rapid.T) {
		text := headed("random", textOf(tablesOf(t, true)))
		if _, err := policy.Parse("random.toml", []byte(text)); err != nil {
			t.Skip("not valid")
		}
		if err := held(t, s, text); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
	})
}

// oddities are values at the edge of what a key accepts, and beyond it.
var oddities = map[string][]string{
	"network.egress": {
		`["A.Example.com.:443"]`, `["_x.example.com:00443"]`, `["*.${a}.example.com:1"]`, `["${h}:443"]`, `["*.${h}:65535"]`,
		`["[2001:DB8::1]:443"]`, `["[::ffff:192.0.2.1]:443"]`, `["x-${a}.example.com:443"]`, `["a:443/x"]`, `["*.com:443"]`, `["a:65536"]`,
	},
	"network.private":         {`["10.0.0.0/08"]`, `["::/0"]`, `["fe80::1%eth0/128"]`, `["0.0.0.0/0"]`, `["::ffff:10.0.0.0/104"]`},
	"network.max_bytes":       {`1`, `"1KiB"`, `"007TiB"`, `0`, `"1"`, `0x10`, `1_000`},
	"network.max_connections": {`1`, `9223372036854775807`, `0`, `0o17`},
	"network.sealed":          {`true`, `false`, `"true"`},
	"filesystem.read": {
		`["/a b"]`, `["/..."]`, `["/.a", "/..b", "/a."]`, `["/a?"]`, `["/a??"]`, `["/${a}/x?"]`, `["/ä\u00a0"]`, `["/a\tb"]`, `["/{}()|^$"]`, `["/a]"]`, `["/?"]`,
	},
	"filesystem.tmp":    {`["/t"]`, `[{ path = "/t" }, { path = "/u", size = "1MiB" }]`, `[{ path = "/t", size = 1 }]`, `["/t?"]`, `[]`},
	"filesystem.links":  {`{}`, `{ "/l" = "/m" }`, `{ "/l" = "/${a}" }`, `{ "/l/" = "/m" }`, `{ l = "/m" }`},
	"filesystem.absent": {`["/r?"]`, `["/sys/fs"]`, `["/proc"]`},
	"rlimits.cpu":       {`"1h"`, `"+1h"`, `"1.5m"`, `".5h"`, `"1.h"`, `"0"`, `1`, `"1µs"`, `"60000000us"`, `"1h1h"`, `" 1h"`},
	"rlimits.rttime":    {`"0"`, `"1us"`, `"1µs"`, `"1μs"`, `"1ns"`, `"1000ns"`, `0`},
	"rlimits.as":        {`0`, `"0GiB"`, `"8388607TiB"`, `"8388608TiB"`, `9223372036854775807`, `"unlimited"`},
	"rlimits.nice":      {`0`, `40`, `41`, `"40"`, `-1`},
	"rlimits.nofile":    {`1073741824`, `1073741825`, `0b11`},
	"capabilities.keep": {`["chown"]`, `["cap_Chown"]`, `["CAP_NET_RAW", "bpf"]`, `["CAP_"]`, `["CAP_CAP_BPF"]`},
	"syscalls.allow":    {`["ptrace"]`, `["openat2", "mseal"]`, `["socketcall"]`, `["ptrace", "renameat"]`},
	"syscalls.deny":     {`["uname"]`, `["execve"]`},
	"syscalls.on_deny":  {`"kill"`, `"errno"`, `"KILL"`},
	"syscalls.base":     {`"default"`, `"connector"`, `"unrestricted"`},
	"syscalls.rule": {
		`[{ syscall = "socket", when = ["\targ0==AF_UNIX "] }]`, `[{ syscall = "socket", when = ["arg0 in [AF_UNIX, 2]"] }]`,
		`[{ syscall = "socket", when = ["arg1&0xf == 1"] }]`, `[{ syscall = "socket", when = [] }]`, `[{ syscall = "socket", when = ["arg9 == 1"] }]`,
	},
	"environment.pass": {`["a", "_", "A*", "_*"]`, `["*"]`, `["1A"]`},
	"environment.set":  {`{ _a1 = "" }`, `{ A = "x\ny" }`, `{ "B C" = "x" }`, `{ A = 1 }`},
	"process.user":     {`"a.b-c_d"`, `"root"`, `"_x"`, `"1x"`},
	"process.directory": {
		`"/nowhere"`, `"/tmp/${a}"`, `"/tmp/x?"`,
	},
	"process.wall_time": {`"1ns"`, `"+2h3m"`, `"0s"`, `3600`},
	"process.memory":    {`1`, `"1KiB"`, `0`},
	"process.pids":      {`1`, `4194304`, `4194305`, `0`, `"1"`},
}

// It accepts those at the edge of the language as well.
func TestSchemaAcceptsOddPolicies(t *testing.T) {
	s := policySchema(t)
	for _, key := range sortedKeys(oddities) {
		valid := 0
		for _, value := range oddities[key] {
			text := odd(key, value)
			source := policy.Source{File: "odd.toml", Text: []byte(text)}
			if _, err := policy.Resolve(source, policy.Options{Unbound: true}); err != nil {
				continue
			}
			valid++
			if err := held(t, s, text); err != nil {
				t.Errorf("%v\n%s", err, text)
			}
		}
		if valid == 0 {
			t.Errorf("no policy with %s is valid", key)
		}
	}
}

// odd writes a policy with one value.
func odd(key, value string) string {
	table, name, _ := strings.Cut(key, ".")
	tables := map[string]string{
		"params.a": "type = \"label\"\n", "params.h": "type = \"host\"\nsuffix = [\"Example.com\"]\n",
	}
	if key == "process.directory" {
		tables["filesystem"] = "tmp = [\"/tmp\", \"/nowhere\"]\n"
	}
	tables[table] += fmt.Sprintf("%s = %s\n", name, value)
	return headed("odd", textOf(tables))
}
