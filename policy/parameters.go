package policy

import (
	"fmt"
	"regexp"
	"strings"
)

// ParameterType says what a parameter stands for.
type ParameterType string

// The types of parameters.
const (
	// ParameterLabel is one DNS label, or one component of a path.
	ParameterLabel ParameterType = "label"
	// ParameterHost is a whole host name.
	ParameterHost ParameterType = "host"
)

// Parameter is one [params.NAME] table. ${NAME} in network.egress, in a path of
// [filesystem] and in process.directory stands for its value.
type Parameter struct {
	Name string
	Type ParameterType
	// Pattern is the regular expression (RE2) that the whole of a label matches; empty is
	// any.
	Pattern string `json:",omitempty"`
	// Suffix are the domains that a host is, or lies in; "*" is any.
	Suffix []string `json:",omitempty"`
	// Value is what it stands for; empty where Bound is false.
	Value string
	Bound bool
	At    Position

	// sound is false where the declaration or the value was refused.
	sound bool
}

// ParameterError says that a value was given for a parameter that no file of the
// policy declares.
type ParameterError struct {
	// Name of the parameter that there is none of, and Declared those that there are.
	Name     string
	Declared []string
}

// Error says which parameters there are.
func (e *ParameterError) Error() string {
	if len(e.Declared) == 0 {
		return fmt.Sprintf("no parameter %s: the policy has no parameters", quote(e.Name))
	}
	hint := ""
	if near, ok := nearest(e.Name, e.Declared); ok {
		hint = fmt.Sprintf(" (did you mean %s?)", near)
	}
	return fmt.Sprintf("no parameter %s%s: the policy has %s", quote(e.Name), hint, strings.Join(e.Declared, ", "))
}

// parameters are those of a policy and its bases, by name.
type parameters map[string]*Parameter

func (ps parameters) list() []Parameter {
	var out []Parameter
	for _, name := range sorted(ps) {
		out = append(out, *ps[name])
	}
	return out
}

// DeclaredParameters gives the parameters that a policy and its bases declare, sorted
// by name, without their values. What is wrong with the files is left to [Resolve].
func DeclaredParameters(root Source, library Library) []Parameter {
	r := &reports{}
	loaded, whole := load(root, library, r)
	params, err := bind(loaded, Options{Unbound: true}, r, whole)
	if err != nil {
		return nil
	}
	return params.list()
}

// bind reads the parameters that the files declare and gives them their values.
func bind(loaded []*document, o Options, r *reports, whole bool) (parameters, error) {
	params := parameters{}
	for _, d := range loaded {
		b := &builder{reporter: d.reporter, params: params}
		b.parameters(d.root)
	}
	for _, name := range sorted(o.Parameters) {
		p, ok := params[name]
		if !ok && !whole {
			continue
		}
		if !ok {
			return nil, &ParameterError{Name: name, Declared: sorted(params)}
		}
		// A value that is refused is not used: what would follow from it is no news.
		if p.sound && p.bind(o.Parameters[name], r) {
			r.values = append(r.values, p.Value)
		}
	}
	tooMany := len(params) == maxParameters && len(r.found) > 0
	for _, name := range sorted(params) {
		_, given := o.Parameters[name]
		if p := params[name]; p.sound && !given && !o.Unbound && !tooMany {
			r.addAt(p.At, "parameter %s has no value", name).
				note("expected  %s", p.expected()).
				advise("--param %s=VALUE", name).parameter = name
		}
	}
	return params, nil
}

var (
	parameterName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,62}$`)
	// labelValue holds for every label, whatever its pattern: no dot, so that it
	// stays one label, and no slash, so that it stays one component.
	labelValue = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$`)
)

// expected says what a value looks like.
func (p *Parameter) expected() string {
	switch {
	case p.Type == ParameterLabel && p.Pattern == "":
		return "letters, digits, - and _"
	case p.Type == ParameterLabel:
		return "letters, digits, - and _ that match " + p.Pattern
	}
	if contains(p.Suffix, anySuffix) {
		return "a host name"
	}
	return "a host name that is or lies in " + strings.Join(p.Suffix, " or ")
}

// bind gives the parameter its value, or reports that the declaration does not allow it.
// The value itself is not shown: it may come from a connector's configuration.
func (p *Parameter) bind(value string, r *reports) bool {
	ok := false
	switch p.Type {
	case ParameterLabel:
		ok = labelValue.MatchString(value) && p.matches(value)
	case ParameterHost:
		name, err := hostName(hostOfURL(value))
		ok = err == nil && !isAddress(name) && inSuffix(name, p.Suffix)
		value = name
	}
	if !ok {
		p.sound = false
		r.addAt(p.At, "the value of parameter %s is not one that it allows", p.Name).
			note("expected  %s", p.expected()).parameter = p.Name
		return false
	}
	p.Value, p.Bound = value, true
	return true
}

// matches holds a value against the pattern, if there is one.
func (p *Parameter) matches(value string) bool {
	if p.Pattern == "" {
		return true
	}
	pattern, err := wholePattern(p.Pattern)
	return err == nil && pattern.MatchString(value)
}

// hostOfURL reduces the URL of a web page or of an API to its host, as people and platforms
// give one for the other. What is no such URL, or says more of whom it leads to than a host
// (a user, a port), stays as it is, and is no host name.
func hostOfURL(value string) string {
	scheme, rest, ok := strings.Cut(value, "://")
	if !ok || !strings.EqualFold(scheme, "https") && !strings.EqualFold(scheme, "http") {
		return value
	}
	for i := range len(value) {
		// Of a backslash and of what is not ASCII, two readers make two hosts.
		if c := value[i]; c <= ' ' || c > '~' || c == '\\' {
			return value
		}
	}
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	return rest
}

// wholePattern compiles a pattern so that it has to match all of a text.
func wholePattern(pattern string) (*regexp.Regexp, error) {
	// By itself first: "a)|(b" would take the brackets apart.
	if _, err := regexp.Compile(pattern); err != nil {
		return nil, err
	}
	return regexp.Compile(`\A(?:` + pattern + `)\z`)
}

// anySuffix as a suffix allows every host.
const anySuffix = "*"

func inSuffix(host string, suffixes []string) bool {
	for _, suffix := range suffixes {
		if suffix == anySuffix || host == suffix || strings.HasSuffix(host, "."+suffix) {
			return true
		}
	}
	return false
}
