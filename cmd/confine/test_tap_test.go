package main

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// tapPoint is one test point as a reader of TAP has it.
type tapPoint struct {
	ok                     bool
	description, directive string
	// values are those of the YAML block, "key: value" without its indent.
	values []string
}

var (
	tapLine  = regexp.MustCompile(`^(not )?ok (\d+) - (.*)$`)
	yamlLine = regexp.MustCompile(`^(?:  )*(?:- )?([a-z_]+):(?: (".*"))?$`)
)

// readTAP reads TAP 14, of which it takes only what the command writes.
func readTAP(text string) (points []tapPoint, err error) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) < 2 || lines[0] != "TAP version 14" {
		return nil, fmt.Errorf("no version: %q", lines[0])
	}
	planned, ok := strings.CutPrefix(lines[1], "1..")
	if !ok {
		return nil, fmt.Errorf("no plan: %q", lines[1])
	}
	inBlock := false
	for _, line := range lines[2:] {
		inner, indented := strings.CutPrefix(line, "  ")
		switch {
		case inBlock && line == "  ...":
			inBlock = false
		case inBlock:
			m := yamlLine.FindStringSubmatch(inner)
			if !indented || m == nil {
				return nil, fmt.Errorf("not a line of a block: %q", line)
			}
			value := ""
			if m[2] != "" {
				if value, err = strconv.Unquote(m[2]); err != nil {
					return nil, fmt.Errorf("%w: %q", err, line)
				}
			}
			last := &points[len(points)-1]
			last.values = append(last.values, m[1]+": "+value)
		case line == "  ---" && len(points) > 0 && points[len(points)-1].values == nil:
			inBlock = true
		default:
			m := tapLine.FindStringSubmatch(line)
			if m == nil || m[2] != strconv.Itoa(len(points)+1) {
				return nil, fmt.Errorf("not test point %d: %q", len(points)+1, line)
			}
			p := tapPoint{ok: m[1] == ""}
			p.description, p.directive = splitDirective(m[3])
			points = append(points, p)
		}
	}
	if inBlock || planned != strconv.Itoa(len(points)) {
		return nil, fmt.Errorf("%d points and %s planned, or a block that does not end", len(points), planned)
	}
	return points, nil
}

// splitDirective undoes the escapes of a description, and cuts it at the first "#" that
// is none.
func splitDirective(text string) (description, directive string) {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && i+1 < len(text):
			i++
			out.WriteByte(text[i])
		case text[i] == '#':
			return strings.TrimSpace(out.String()), strings.TrimSpace(text[i+1:])
		default:
			out.WriteByte(text[i])
		}
	}
	return out.String(), ""
}

// TestTAP reads the results back.
func TestTAP(t *testing.T) {
	for _, failUncovered := range []bool{false, true} {
		points, err := readTAP(someReport(t, failUncovered).tap())
		if err != nil {
			t.Fatal(err)
		}
		todo := "TODO no case exercises 1 entry"
		if failUncovered {
			todo = ""
		}
		var got []string
		for _, p := range points {
			got = append(got, fmt.Sprintf("%v %s|%s", p.ok, p.description, p.directive))
		}
		want := []string{
			"false fails.toml: " + visible(awkward) + "|",
			"false fails.toml: no such\ufffdparameter|",
			"true fails.toml: passes|",
			"false fails.toml: every entry is exercised|",
			"true passes.toml: passes|",
			"false passes.toml: every entry is exercised|" + todo,
			"true all.toml: passes|",
			"true all.toml: every entry is exercised|",
			"false broken \ufffd # \ufffd.toml: could not be tested|",
		}
		if !slices.Equal(got, want) {
			t.Errorf("points:\n%s\nexpected:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if values := points[0].values; !slices.Equal(values, []string{
			"at: fails.test.toml:1:3", "failures: ", "at: fails.test.toml:3:10", "access: read /b",
			"expected: allowed", "found: denied", `because: no entry of [filesystem] names "/b": it is hidden`,
		}) {
			t.Errorf("values of the first failure: %q", values)
		}
		for _, p := range points {
			if p.ok == (p.values != nil) {
				t.Errorf("%s: a block where it passed, or none where it failed: %q", p.description, p.values)
			}
		}
	}
}

// TestYAMLText: what is quoted has one line and no character that YAML does not take.
func TestYAMLText(t *testing.T) {
	for _, text := range []string{"", awkward, "a\nb\tc", "\xff", "- x: y #z", "\ufeff\u2029\U000e0001"} {
		quoted := yamlText(text)
		if back, err := strconv.Unquote(quoted); err != nil || back != text {
			t.Errorf("%q is quoted as %s", text, quoted)
		}
		for _, r := range quoted {
			if r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfeff {
				t.Errorf("%q: %q is not escaped", text, r)
			}
		}
	}
}
