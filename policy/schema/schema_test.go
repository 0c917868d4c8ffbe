package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"confine/policy"
)

// compile gives the validator of a schema, which it holds against the metaschema.
func compile(t testing.TB, source func() ([]byte, error)) *jsonschema.Schema {
	t.Helper()
	text, err := source()
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
	metaschema, err := jsonschema.NewCompiler().Compile(strings.TrimSuffix(draft, "#"))
	if err != nil {
		t.Fatal(err)
	}
	if err := metaschema.Validate(doc); err != nil {
		t.Fatal(err)
	}
	return compiled
}

// document reads TOML as a validator of JSON sees it.
func document(t testing.TB, text string) any {
	t.Helper()
	var doc map[string]any
	if _, err := toml.Decode(text, &doc); err != nil {
		t.Fatal(err)
	}
	// Through JSON, so that numbers have the type that the validator expects.
	data, err := json.Marshal(plain(doc))
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func read(t testing.TB, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func glob(t testing.TB, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no files %s: %v", pattern, err)
	}
	return files
}

func TestTheSameBytesEveryTime(t *testing.T) {
	for _, source := range []func() ([]byte, error){Policy, Tests} {
		first, err := source()
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			if again, _ := source(); !bytes.Equal(first, again) {
				t.Fatal("two schemas differ")
			}
		}
	}
}

// What is valid is accepted.
func TestAccepts(t *testing.T) {
	policies, tests := compile(t, Policy), compile(t, Tests)
	accept := func(name, text string, schema *jsonschema.Schema) {
		if err := schema.Validate(document(t, text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, file := range glob(t, "../testdata/ok/*.toml") {
		accept(file, read(t, file), policies)
	}
	for _, file := range glob(t, "../../policies/*.toml") {
		if strings.HasSuffix(file, ".test.toml") {
			accept(file, read(t, file), tests)
		} else {
			accept(file, read(t, file), policies)
		}
	}
	for _, file := range glob(t, "../testdata/tests/*.toml") {
		text := read(t, file)
		if _, err := policy.ParseTests(file, []byte(text)); err == nil {
			accept(file, text, tests)
		}
	}
	for _, table := range policy.Tables() {
		if table.Name == "tests" || table.Name == "case" {
			accept(table.Name, table.Example, tests)
		} else {
			accept(table.Name, table.Example, policies)
		}
	}
	for name, text := range map[string]string{
		"a parameter in remove":  "[environment]\nremove = { pass = [\"${x}\"] }",
		"capabilities":           "[capabilities]\nkeep = [\"net_raw\", \"CAP_KILL\", \"Cap_Bpf\", \"sYS_aDMIN\"]",
		"durations":              "[rlimits]\ncpu = \"1h30m\"\nrttime = \"1.5ms\"\n[process]\nwall_time = \".5h\"",
		"odd names of hosts":     "[network]\negress = [\"_x.Example.COM.:0443\", \"*.${a}.example.com:1\", \"[::1]:65535\", \"${h}:443\"]",
		"odd paths":              "[filesystem]\nread = [\"/...\", \"/.a/..b\", \"/a b/ü\", \"/${x}/y?\", \"/a.\", \"/-{}$]\"]",
		"conditions with blanks": "[[syscalls.rule]]\nsyscall = \"socket\"\nwhen = [\" arg0==AF_INET \", \"arg1\\t& 0xf==1\", \"arg2 in[1,2]\"]",
		"remove of every kind":   "[rlimits]\nremove = [\"as\"]\n[filesystem]\nremove = { links = [\"/bin\"], tmp = [\"/tmp\"] }\n[syscalls]\nremove = { rule = [\"socket\"] }",
	} {
		accept(name, "schema = 1\nname = \"x\"\n"+text, policies)
	}
}

// refused gives the places in a document that a schema refuses, such as "/network/mode".
func refused(t testing.TB, schema *jsonschema.Schema, doc any) []string {
	t.Helper()
	var places []string
	var collect func(e *jsonschema.ValidationError)
	collect = func(e *jsonschema.ValidationError) {
		places = append(places, "/"+strings.Join(e.InstanceLocation, "/"))
		for _, cause := range e.Causes {
			collect(cause)
		}
	}
	var invalid *jsonschema.ValidationError
	if err := schema.Validate(doc); errors.As(err, &invalid) {
		collect(invalid)
	} else if err != nil {
		t.Fatal(err)
	}
	return places
}

// What the parser refuses for a type, a name or a pattern, the schema refuses at the same
// place.
func TestRefuses(t *testing.T) {
	policies, tests := compile(t, Policy), compile(t, Tests)
	for file, want := range map[string][]string{
		"bad/accept-table": {"/accept"},
		"bad/accept": {
			"/accept/0", "/accept/1/backend", "/accept/1/clause", "/accept/1/reason", "/accept/2", "/accept/2/clause",
			"/accept/2/reason", "/accept/2/until",
		},
		"bad/bounds-text": {
			"/process/wall_time", "/rlimits/cpu", "/rlimits/as", "/rlimits/nofile", "/rlimits/nice", "/rlimits/core", "/network/sealed",
		},
		"bad/bounds": {
			"/process/memory", "/process/user", "/filesystem/tmp/0", "/filesystem/tmp/1", "/filesystem/tmp/2", "/filesystem/tmp/3/size",
			"/filesystem/tmp/4/size",
		},
		"bad/egress":        {"/network/egress/0"},
		"bad/gateway":       {"/network/fronting", "/network/max_bytes", "/network/max_connections"},
		"bad/gateway-types": {"/network/fronting", "/network/max_bytes", "/network/max_connections"},
		"bad/identity":      {"/schema", "/name", "/description", "/extends"},
		"bad/misplaced":     {"/"},
		"bad/parameters-list": {
			"/params",
		},
		"bad/parameters": {
			"/params", "/params/text", "/params/untyped", "/params/kind/type", "/params/both/suffix", "/params/anywhere",
			"/params/nowhere/suffix", "/params/wide/suffix/1", "/params/matching/pattern", "/params/extra",
			"/filesystem/read/2", "/filesystem/read/3", "/filesystem/hide/0", "/process/user",
		},
		"bad/paths": {"/filesystem/read/0"},
		"bad/remove": {
			"/filesystem/remove", "/network/remove", "/rlimits/remove/0", "/rlimits/remove/1", "/rlimits/remove/3",
		},
		"bad/spelling": {
			"/", "/filesystem", "/filesystem/proc", "/filesystem/dev", "/rlimits", "/capabilities/keep/0", "/capabilities/keep/1",
			"/syscalls/base",
		},
		"bad/syscalls-table": {"/syscalls", "/syscalls/rule"},
		"bad/syscalls-types": {"/syscalls/base", "/syscalls/allow", "/syscalls/deny", "/syscalls/on_deny", "/syscalls/rule"},
		"bad/types": {
			"/schema", "/name", "/description", "/network", "/capabilities/keep", "/filesystem/read", "/filesystem/exec/0",
			"/filesystem/exec/1", "/filesystem/exec/2", "/filesystem/links", "/filesystem/proc", "/filesystem/dev", "/rlimits/as",
			"/rlimits/data", "/rlimits/nofile", "/rlimits/nproc", "/rlimits/rttime", "/rlimits/stack", "/environment/pass/0",
			"/environment/pass/1", "/environment/pass/2", "/environment/set", "/environment/set/D", "/process/user",
			"/process/directory", "/process/wall_time",
		},
		"tests/bad":   {"/case/0"},
		"tests/empty": {"/"},
		"tests/table": {"/case"},
	} {
		t.Run(file, func(t *testing.T) {
			schema := policies
			if strings.HasPrefix(file, "tests/") {
				schema = tests
			}
			text := read(t, "../testdata/"+file+".toml")
			var twice map[string]any
			if _, err := toml.Decode(text, &twice); err != nil {
				// A key that is there twice is no TOML; the first one is as wrong.
				text = withoutRepeated(text)
			}
			places := refused(t, schema, document(t, text))
			for _, place := range want {
				if !slices.Contains(places, place) {
					t.Errorf("%s is accepted; refused are %q", place, places)
				}
			}
		})
	}
}

// withoutRepeated drops lines that are there before.
func withoutRepeated(text string) string {
	var kept []string
	for _, line := range strings.Split(text, "\n") {
		if line == "" || !slices.Contains(kept, line) {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

// No table has a key that the language does not have.
func TestRefusesUnknownKeys(t *testing.T) {
	policies, tests := compile(t, Policy), compile(t, Tests)
	tried := 0
	for _, table := range policy.Tables() {
		schema := policies
		if table.Name == "tests" || table.Name == "case" {
			schema = tests
		}
		var doc map[string]any
		if _, err := toml.Decode(table.Example, &doc); err != nil {
			t.Fatal(err)
		}
		for _, into := range find(doc, table.Name) {
			into["unknown"] = 1
			data, err := json.Marshal(plain(doc))
			if err != nil {
				t.Fatal(err)
			}
			value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(value); err == nil {
				t.Errorf("[%s] accepts an unknown key", table.Name)
			}
			delete(into, "unknown")
			tried++
		}
	}
	if tried < len(policy.Tables()) {
		t.Errorf("%d tables were tried", tried)
	}
}

// Every choice of the language is one of the schema, also the last system call.
func TestRefusesUnknownChoices(t *testing.T) {
	schema := compile(t, Policy)
	for text, valid := range map[string]bool{
		"[syscalls]\nallow = [\"read\", \"openat2\", \"arch_prctl\"]":   true,
		"[syscalls]\nallow = [\"raed\"]":                                false,
		"[syscalls]\ndeny = [\"socketcall\"]":                           false,
		"[[syscalls.rule]]\nsyscall = \"raed\"\nwhen = [\"arg0 == 1\"]": false,
		"[[syscalls.rule]]\nsyscall = \"read\"\nwhen = []":              false,
		"[[syscalls.rule]]\nsyscall = \"read\"\nwhen = [\"fd == 1\"]":   false,
		"[capabilities]\nkeep = [\"CAP_FLY\"]":                          false,
		"[capabilities]\nkeep = [\"CAP_CAP_KILL\"]":                     false,
		"[network]\nmode = \"Host\"":                                    false,
		"[network]\negress = [\"https://example.com\"]":                 false,
		"[network]\negress = [\"example.com\"]":                         false,
		"[network]\negress = [\"example.com:0\"]":                       false,
		"[network]\nprivate = [\"10.0.0.1\"]":                           false,
		"[filesystem]\nread = [\"/\"]":                                  false,
		"[filesystem]\nread = [\"/a/\"]":                                false,
		"[filesystem]\nread = [\"/a/./b\"]":                             false,
		"[filesystem]\nread = [\"/a/*\"]":                               false,
		"[filesystem]\ntmp = [\"/tmp?\"]":                               false,
		"[filesystem]\nlinks = { bin = \"/usr/bin\" }":                  false,
		"[rlimits]\nnofile = \"unlimited\"":                             false,
		"[rlimits]\nnice = 40":                                          true,
		"[rlimits]\nas = \"4GB\"":                                       false,
		"[rlimits]\ncpu = 0":                                            false,
		"[process]\nmemory = \"0\"":                                     false,
		"[params.a-b]\ntype = \"label\"":                                false,
		"[params.a]\ntype = \"host\"\nsuffix = [\"example.com\"]":       true,
	} {
		places := refused(t, schema, document(t, "schema = 1\nname = \"x\"\n"+text))
		if valid != (len(places) == 0) {
			t.Errorf("valid %t, refused at %q:\n%s", valid, places, text)
		}
	}
}

// The keys of every table have an example, for editors to show.
func TestEveryKeyHasAnExample(t *testing.T) {
	for _, table := range policy.Tables() {
		examples, err := examplesOf(table)
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range table.Keys {
			if !structural(key) && key.Name != "params" && len(examples[key.Name]) == 0 {
				t.Errorf("[%s] %s has no example", table.Name, key.Name)
			}
		}
	}
}
