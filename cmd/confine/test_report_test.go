package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"confine/policy"
)

// awkward is a name of a case with all that a format could trip over. TOML has it in
// escapes.
const (
	awkward     = "# TODO \\ \"a\" <b> & 'c' ]]> \x01\x1b[31m\x7f \u0085\u2028 é 😀"
	awkwardTOML = `# TODO \\ \"a\" <b> & 'c' ]]> \u0001\u001b[31m\u007f \u0085\u2028 é 😀`
)

// someReport is a report with every kind of result.
func someReport(t *testing.T, failUncovered bool) *testReport {
	t.Helper()
	source := func(file, text string) policy.Source { return policy.Source{File: file, Text: []byte(text)} }
	subjects := []subject{
		{
			policy: source("fails.toml", "schema = 1\nname = \"fails\"\n[filesystem]\nread = [\"/a\", \"/unused\"]\n"),
			tests: source("fails.test.toml", "[[case]]\nname = \""+awkwardTOML+"\"\nallow = [\"read /b\", \"read /a\"]\n"+
				"[[case]]\nname = \"no such\\nparameter\"\nparams = { x = \"1\" }\ndeny = [\"read /b\"]\n"+
				"[[case]]\nname = \"passes\"\nallow = [\"read /a\"]\n"),
		},
		{
			policy: source("passes.toml", "schema = 1\nname = \"passes\"\n[filesystem]\nread = [\"/a\", \"/unused\"]\n"),
			tests:  source("passes.test.toml", "[[case]]\nname = \"passes\"\nallow = [\"read /a\"]\n"),
		},
		{
			policy: source("all.toml", "schema = 1\nname = \"all\"\n[filesystem]\nread = [\"/a\"]\n"),
			tests:  source("all.test.toml", "[[case]]\nname = \"passes\"\nallow = [\"read /a\"]\n"),
		},
		{
			policy: source("broken \x01 # \xff.toml", "schema = 2\n"),
			tests:  source("broken.test.toml", "[[case]]\nname = \"x\"\ndeny = [\"read /a\"]\n"),
		},
	}
	r := &testReport{failUncovered: failUncovered}
	for _, s := range subjects {
		tested := s.ask()
		tested.cover()
		r.Policies = append(r.Policies, tested)
	}
	return r.finished()
}

// TestExitCodes: what could not be tested outweighs what failed, and coverage fails only
// where it has to.
func TestExitCodes(t *testing.T) {
	fails, passes, all, broken := 0, 1, 2, 3
	for _, c := range []struct {
		policies      []int
		failUncovered bool
		want          int
	}{
		{[]int{all}, true, 0},
		{[]int{passes, all}, false, 0},
		{[]int{passes, all}, true, 1},
		{[]int{fails}, false, 1},
		{[]int{fails}, true, 1},
		{[]int{broken}, false, 2},
		{[]int{fails, broken, passes}, true, 2},
	} {
		whole := someReport(t, c.failUncovered)
		r := &testReport{failUncovered: c.failUncovered}
		for _, i := range c.policies {
			r.Policies = append(r.Policies, whole.Policies[i])
		}
		if got := r.exitCode(); got != c.want {
			t.Errorf("policies %v, fail uncovered %v: exit code %d, expected %d", c.policies, c.failUncovered, got, c.want)
		}
		if passed := r.finished().Passed; passed != (c.want == 0) {
			t.Errorf("policies %v: passed %v", c.policies, passed)
		}
	}
}

// TestFormats: whatever names hold, the JSON can be read back, and nothing that moves a
// terminal's cursor is written by any format.
func TestFormats(t *testing.T) {
	for _, format := range []string{"text", "tap", "junit", "json"} {
		write, err := testFormat(format)
		if err != nil {
			t.Fatal(err)
		}
		var out, again bytes.Buffer
		if err := write(&out, someReport(t, false)); err != nil {
			t.Fatal(err)
		}
		if err := write(&again, someReport(t, false)); err != nil || !bytes.Equal(out.Bytes(), again.Bytes()) {
			t.Errorf("%s: twice the same tests give two outputs (%v)", format, err)
		}
		if i := strings.IndexAny(out.String(), "\x01\x1b"); i >= 0 {
			t.Errorf("%s: control character %q at byte %d", format, out.String()[i], i)
		}
		if format != "json" {
			continue
		}
		var read testReport
		decoder := json.NewDecoder(&out)
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&read); err != nil {
			t.Fatal(err)
		}
		if got := read.Policies[0].Cases[0].Name; got != awkward {
			t.Errorf("the JSON gives %q, expected %q", got, awkward)
		}
		if read.Passed || read.Policies[3].Error == "" || read.Policies[3].Coverage != nil || !read.Policies[2].Coverage.complete() {
			t.Errorf("the JSON gives %+v", read)
		}
	}
	if _, err := testFormat("xml"); err == nil {
		t.Error("there is a format xml")
	}
}
