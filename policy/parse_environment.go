package policy

import (
	"regexp"
	"sort"
	"strings"
)

var (
	variableName    = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	variablePattern = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*\*?$`)
)

const (
	expectedVariable = "a variable name of A-Z, a-z, 0-9 and _, not starting with a digit"
	expectedPattern  = `a variable name, or a prefix and *, such as "WORKER_*"`
)

func (b *builder) environment(t table) {
	passed := map[string]Position{}
	if m, ok := t.node.member("pass"); ok {
		b.environmentPass(m.value, passed)
	}
	if m, ok := t.node.member("set"); ok {
		b.environmentSet(m.value, passed)
	}
	env := &b.layer.Environment
	sort.Slice(env.Pass, func(i, j int) bool { return env.Pass[i].Pattern < env.Pass[j].Pattern })
	sort.Slice(env.Set, func(i, j int) bool { return env.Set[i].Name < env.Set[j].Name })
}

func (b *builder) environmentPass(list *node, passed map[string]Position) {
	for _, n := range b.elements(list, "environment.pass", "an array of variable names") {
		pattern, ok := b.text(n, "an entry of environment.pass", expectedPattern)
		if !ok {
			continue
		}
		if !variablePattern.MatchString(pattern) {
			// What follows a "=" is a value: secretsOf hides it, and so must the message.
			name, _, assigned := strings.Cut(pattern, "=")
			d := b.add(n.at, "%s is not a variable that can be passed", quote(name)).
				note("expected  %s", expectedPattern)
			switch {
			case pattern == "*":
				d.note("everything would pass, secrets of the caller included")
			case assigned && variableName.MatchString(name):
				d.note("found     a variable with a value").
					advise("a fixed value goes in [environment] set")
			}
			continue
		}
		if first, twice := passed[pattern]; twice {
			b.add(n.at, "%s is passed twice", pattern).note("first named at %s", first)
			continue
		}
		passed[pattern] = b.at(n)
		b.layer.Environment.Pass = append(b.layer.Environment.Pass, EnvironmentPattern{pattern, b.at(n)})
	}
}

// environmentSet reads the fixed variables. No message may quote a value.
func (b *builder) environmentSet(set *node, passed map[string]Position) {
	if set.kind != kindTable {
		b.wrongType(set, "environment.set", "a table of variables").
			advise(`set = { NAME = "value" }`)
		return
	}
	for _, m := range set.members {
		// What follows a "=" is a value in the wrong place.
		shown, _, _ := strings.Cut(m.name, "=")
		if !variableName.MatchString(m.name) {
			b.add(m.key, "%s is not a variable name", quote(shown)).note("expected  %s", expectedVariable)
		}
		if first, twice := passed[m.name]; twice {
			b.add(m.key, "%s is both passed and set", quote(m.name)).
				note("passed at %s", first).
				advise("remove it from pass, or from set")
		}
		value, ok := b.text(m.value, ClauseEnvironmentSet+"."+clip(shown, 60), `a string, such as "1"`)
		if !ok {
			continue
		}
		if strings.ContainsRune(value, 0) {
			b.add(m.value.at, "environment.set.%s contains a NUL character", clip(shown, 60)).
				note("a variable ends at the first NUL: the program would see less than the policy says")
			continue
		}
		b.layer.Environment.Set = append(b.layer.Environment.Set, EnvironmentVariable{m.name, value, b.at(m.value)})
	}
}
