package policy

// Table describes one table of the language, for editors and for the reference.
type Table struct {
	// Name is "network" or "syscalls.rule"; "" is the top of a policy, "params.NAME" any
	// parameter, and "tests" the top of a file of tests.
	Name string
	// Doc says in one line what the table is for.
	Doc string
	// Repeated tables are written [[NAME]].
	Repeated bool
	Keys     []Key
	// Some are keys of which a table has at least one; nil where none is needed.
	Some []string
	// Notes are lines for the reference: what belongs to no single key.
	Notes []string
	// Example is a whole policy, or a whole file of tests. It has every key of the table but
	// remove, sealed and those that are tables of their own.
	Example string
}

// Key describes one key of a table.
type Key struct {
	Name string
	// Doc says in one line what the key means, with its units.
	Doc string
	// Values are the forms that a value can have.
	Values []Value
	// Required keys have no default.
	Required bool
	// Default is the value, as TOML, that leaving the key out amounts to; empty where it
	// amounts to no value, and Otherwise says what holds then.
	Default   string
	Otherwise string
	// Only is the value of the table's key "type" with which the key can stand, and with
	// which it is Required; empty is any.
	Only string
}

// ValueKind is a type of TOML.
type ValueKind string

// The types of values. A date is one without a time.
const (
	ValueString  ValueKind = "string"
	ValueInteger ValueKind = "integer"
	ValueBoolean ValueKind = "boolean"
	ValueDate    ValueKind = "date"
	ValueList    ValueKind = "list"
	ValueTable   ValueKind = "table"
)

// Value describes one form of a value. What it says holds for every value that [Parse]
// or [ParseTests] accepts; they refuse more.
type Value struct {
	Kind ValueKind
	// Says names the form for people, such as `a size such as "512MiB"`; empty where
	// Choices or Entries say enough.
	Says string
	// Term names a form that has many choices and stands in several places; it may be empty.
	Term string
	// Choices are all values that a string can have; empty is any.
	Choices []Choice
	// Pattern is a regular expression (of RE2, and of ECMA 262 alike) that a string has a
	// match of; empty is any.
	Pattern string
	// Min and Max bound an integer. A Max of 0 is no bound.
	Min, Max uint64
	// Entries are the forms of what is in a list, and NotEmpty says that there is some.
	Entries  []Value
	NotEmpty bool
	// Table names the [Table] that a table is one of.
	Table string
	// Keys are those of a table that is written in one line.
	Keys []Key
	// Names is a pattern of the keys of a table that has any, with values of Entries.
	Names string
}

// Choice is one of the values that a string can have.
type Choice struct {
	Value string
	// Doc says in a few words what it means; it may be empty.
	Doc string
}

// Tables describes the language: the tables of a policy, and then those of its tests.
func Tables() []Table {
	return []Table{
		topTable(),
		networkTable(),
		filesystemTable(),
		rlimitsTable(),
		capabilitiesTable(),
		syscallsTable(),
		syscallsRuleTable(),
		environmentTable(),
		processTable(),
		acceptTable(),
		parameterTable(),
		testsTable(),
		caseTable(),
	}
}

// inherits gives the keys that every table which a base can have ends with.
func inherits(removable Value) []Key {
	return []Key{
		{
			Name: "remove", Doc: "inherited entries to take out; each must be there",
			Values: []Value{removable}, Otherwise: "all is inherited",
		},
		{
			Name: "sealed", Doc: "whether those who extend the policy can only tighten this table",
			Values: []Value{{Kind: ValueBoolean}}, Default: "false",
		},
	}
}

// removeFrom describes remove in a table with lists: which entries each can have.
func removeFrom(table string, entries map[string][]Value) Value {
	v := Value{Kind: ValueTable}
	for _, list := range removableLists[table] {
		v.Keys = append(v.Keys, Key{
			Name: list, Doc: "entries to take out of the inherited " + table + "." + list,
			Values: []Value{{Kind: ValueList, Entries: entries[list]}}, Otherwise: "all is inherited",
		})
	}
	return v
}

// removeKeys describes remove in a table whose keys are entries of their own.
func removeKeys(table string) Value {
	entry := Value{Kind: ValueString, Choices: choices(without(keysOf[table], "remove", "sealed")...), Says: "keys of this table"}
	return Value{Kind: ValueList, Entries: []Value{entry}}
}
