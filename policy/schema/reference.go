package schema

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"confine/policy"
)

// Reference gives the reference of the language as a page of Markdown. Every block of TOML
// in it is a whole policy, or the tests of the policy before it.
func Reference() []byte {
	var out bytes.Buffer
	out.WriteString(referenceTop)
	for _, t := range policy.Tables() {
		if t.Name == "tests" {
			out.WriteString(referenceTests)
			continue
		}
		section(&out, t)
	}
	fmt.Fprint(&out, referenceAccesses)
	row(&out, "access", "means")
	row(&out, "---", "---")
	for _, v := range policy.Verbs() {
		row(&out, fmt.Sprintf("`%s %s`", v.Kind, v.Target), coded(v.Doc))
	}
	out.WriteString(referenceClauses)
	wrapped(&out, policy.ClauseNames())
	return out.Bytes()
}

const referenceTop = `<!-- made from the tables in policy/keys*.go by: go test ./policy/schema -run Reference -update -->

# The policy language, key by key

A policy is a TOML file that says what a program may do. What it names nowhere is hidden, removed or denied. This
page lists every key; [policies/README.md](../policies/README.md) explains what they mean together, and
` + "`confine schema`" + ` prints the same for editors.

- A size is a string such as ` + "`\"512MiB\"`" + ` (KiB, MiB, GiB, TiB), or an integer of bytes.
- A duration is a string of Go's syntax, such as ` + "`\"90s\"`, `\"30m\"` or `\"72h\"`" + `.
- Unknown keys are errors, and so are values of another type.
`

const referenceTests = `
## Tests

` + "`NAME.test.toml`" + ` beside ` + "`NAME.toml`" + ` holds ` + "`[[case]]`" + ` tables and nothing else. ` + "`confine test`" + ` asks the policy
what it means; nothing is started.
`

const referenceAccesses = `
### Accesses

An access is a verb and what it is about.

`

const referenceClauses = `
### Clauses

` + "`case.by` and `accept.clause`" + ` name one of these:

`

// wrapped writes names with commas, on lines of a readable width.
func wrapped(out *bytes.Buffer, names []string) {
	const width = 116
	column := 0
	for i, name := range names {
		text := "`" + name + "`"
		if i < len(names)-1 {
			text += ","
		}
		switch {
		case column == 0:
		case column+1+len(text) > width:
			out.WriteString("\n")
			column = 0
		default:
			out.WriteString(" ")
			column++
		}
		out.WriteString(text)
		column += len(text)
	}
	out.WriteString("\n")
}

// section writes what there is to say of one table.
func section(out *bytes.Buffer, t policy.Table) {
	fence := "language"
	switch t.Name {
	case "":
		out.WriteString("\n## The top of a policy\n\n")
	case "case":
		out.WriteString("\n### `[[case]]`\n\n")
		fence = "cases"
	default:
		fmt.Fprintf(out, "\n## `%s`\n\n", heading(t))
	}
	out.WriteString(sentence(t.Doc))
	row(out, "key", "values", "if left out", "meaning")
	row(out, "---", "---", "---", "---")
	for _, key := range t.Keys {
		keyRows(out, "", key)
	}
	if len(t.Notes) > 0 {
		out.WriteString("\n" + strings.Join(t.Notes, "\n") + "\n")
	}
	if fence == "cases" {
		out.WriteString("\nOf the policy in `[params.NAME]`, for example:\n")
	}
	fmt.Fprintf(out, "\n```toml %s\n%s```\n", fence, t.Example)
}

// sentence is a description as a paragraph.
func sentence(doc string) string {
	return coded(strings.ToUpper(doc[:1])+doc[1:]) + ".\n\n"
}

// keyRows writes the row of a key, and those of the keys of a table that is its value.
func keyRows(out *bytes.Buffer, within string, key policy.Key) {
	missing := "needed"
	switch {
	case key.Only != "" && key.Required:
		missing = fmt.Sprintf("needed for `type = %q`", key.Only)
	case key.Default != "":
		missing = "`" + key.Default + "`"
	case key.Otherwise != "":
		missing = key.Otherwise
	}
	meaning := coded(key.Doc)
	var described []string
	for _, v := range key.Values {
		for _, c := range v.Choices {
			if c.Doc != "" {
				described = append(described, fmt.Sprintf("`%s` (%s)", c.Value, coded(c.Doc)))
			}
		}
	}
	if len(described) > 0 {
		meaning += ": " + strings.Join(described, ", ")
	}
	if key.Only != "" {
		meaning += fmt.Sprintf("; with `type = %q` alone", key.Only)
	}
	row(out, "`"+within+key.Name+"`", forms(key.Values), missing, meaning)
	for _, v := range key.Values {
		for _, form := range append([]policy.Value{v}, v.Entries...) {
			if key.Name == "remove" {
				continue // its lists are those of the table
			}
			for _, inner := range form.Keys {
				keyRows(out, within+key.Name+".", inner)
			}
		}
	}
}

func row(out *bytes.Buffer, cells ...string) {
	out.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}

// forms says what values a key can have.
func forms(values []policy.Value) string {
	var out []string
	for i, v := range values {
		text := form(v)
		if i > 0 && !strings.HasPrefix(text, "or ") {
			text = "or " + text
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

func form(v policy.Value) string {
	switch {
	case v.Kind == policy.ValueBoolean:
		return "`true`, `false`"
	case v.Kind == policy.ValueList && len(v.Entries) == 1 && v.Entries[0].Table != "":
		return "tables `[[" + v.Entries[0].Table + "]]`"
	case v.Kind == policy.ValueList:
		return "a list: " + forms(v.Entries)
	case v.Table != "":
		return "a table"
	case v.Says != "":
		return coded(v.Says)
	case len(v.Choices) > 0:
		return choices(v.Choices)
	case len(v.Keys) > 0:
		return "a table of lists: " + keys(v.Keys)
	}
	return string(v.Kind)
}

func choices(all []policy.Choice) string {
	var out []string
	for _, c := range all {
		out = append(out, fmt.Sprintf("`%q`", c.Value))
	}
	return strings.Join(out, ", ")
}

func keys(all []policy.Key) string {
	var out []string
	for _, key := range all {
		out = append(out, "`"+key.Name+"`")
	}
	return strings.Join(out, ", ")
}

// code finds what stands in a description as it would in a file.
var code = regexp.MustCompile(`\{ [^}]*\}|\$\{NAME\}|\[\[?[A-Za-z.]+\]?\]|"[^"]*"`)

// coded marks it as code.
func coded(text string) string {
	return code.ReplaceAllStringFunc(text, func(found string) string { return "`" + found + "`" })
}
