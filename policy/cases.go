package policy

// Tests are the cases of a NAME.test.toml file, which lies beside NAME.toml.
type Tests struct {
	File  string
	Cases []Case

	reports *reports
}

// Case is one [[case]] table: accesses that the policy must allow or deny.
type Case struct {
	Name string
	At   Position
	// Params are the values of the policy's parameters in this case.
	Params map[string]string
	// By is the clause that must decide, or empty for any. It tells what is absent from
	// what is hidden anyway, and what is set from what is passed.
	By    string
	Allow []CaseAccess
	Deny  []CaseAccess

	// paramsAt are where Params stand: of each its value, and under "" the key.
	paramsAt map[string]Position
}

// CaseAccess is one access of a case and where it stands.
type CaseAccess struct {
	Access
	At Position
}

// ParseTests reads the tests of a policy. The error is a [Diagnostics].
func ParseTests(file string, src []byte) (*Tests, error) {
	r := &reports{}
	t := &Tests{File: file, reports: r}
	b := &builder{reporter: r.file(file, string(src)), whole: true}
	if !b.readable(src) {
		return nil, r.diagnostics()
	}
	doc := scan(b.src.text)
	if !b.wellFormed(doc) {
		return nil, r.diagnostics()
	}
	b.checkKeys(table{tableTests, doc.root}, []string{tableCase})
	m, ok := doc.root.member(tableCase)
	switch {
	case !ok:
		b.add(span{0, 1}, "there is no case").note("expected  [[case]] tables with name, allow and deny")
	case m.value.kind != kindArray || !m.value.tables:
		b.wrongType(m.value, tableCase, "tables [[case]]").advise("write [[case]] on a line of its own")
	default:
		named := map[string]Position{}
		for _, item := range m.value.items {
			t.Cases = append(t.Cases, b.testCase(item, named))
		}
	}
	if len(r.found) > 0 {
		return nil, r.diagnostics()
	}
	return t, nil
}

func (b *builder) testCase(item *node, named map[string]Position) Case {
	c := Case{At: b.at(item)}
	b.checkKeys(table{tableCase, item}, keysOf[tableCase])
	if m, ok := item.member("name"); !ok {
		b.add(item.at, "case has no name").advise(`name = "only its own API"`)
	} else if name, ok := b.text(m.value, "case.name", "a string"); ok {
		if first, twice := named[name]; twice {
			b.add(m.value.at, "two cases are called %s", quote(name)).note("the first at %s", first)
		}
		named[name] = b.at(m.value)
		c.Name = name
	}
	if m, ok := item.member("params"); ok {
		c.Params, c.paramsAt = b.caseParams(m.value)
		c.paramsAt[""] = b.position(m.key)
	}
	if m, ok := item.member("by"); ok {
		c.By = b.clauseName(m.value, "case.by")
	}
	c.Allow = b.caseAccesses(item, "allow")
	c.Deny = b.caseAccesses(item, "deny")
	if _, ok := item.member("allow"); !ok {
		if _, ok := item.member("deny"); !ok {
			b.add(item.at, "case has neither allow nor deny: it tests nothing").advise(`deny = ["read /etc/shadow"]`)
		}
	}
	return c
}

func (b *builder) caseParams(n *node) (params map[string]string, at map[string]Position) {
	params, at = map[string]string{}, map[string]Position{}
	if n.kind != kindTable {
		b.wrongType(n, "case.params", "a table of values").advise(`params = { NAME = "value" }`)
		return nil, at
	}
	for _, m := range n.members {
		if value, ok := b.text(m.value, "case.params."+clip(m.name, 60), "a string"); ok {
			params[m.name], at[m.name] = value, b.at(m.value)
		}
	}
	return params, at
}

func (b *builder) caseAccesses(item *node, key string) []CaseAccess {
	m, ok := item.member(key)
	if !ok {
		return nil
	}
	var out []CaseAccess
	const expected = `an access such as "read /etc/shadow"`
	for _, n := range b.elements(m.value, "case."+key, `an array of accesses such as "read /etc/shadow"`) {
		text, ok := b.text(n, "an entry of case."+key, expected)
		if !ok {
			continue
		}
		access, err := ParseAccess(text)
		if err != nil {
			b.add(n.at, "%s", err).note("expected  %s", expected)
			continue
		}
		out = append(out, CaseAccess{access, b.at(n)})
	}
	return out
}

// Run asks the policy about every access, as [Tests.Results] does. The answer holds what
// came out otherwise than the tests say, sorted by place; nil is that all passed.
func (t *Tests) Run(resolve func(params map[string]string) (*Policy, error)) Diagnostics {
	return t.Results(resolve).Diagnostics()
}
