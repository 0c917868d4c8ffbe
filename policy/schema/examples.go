package schema

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"confine/policy"
)

// examplesOf gives the values that the keys of a table have in its example.
func examplesOf(t policy.Table) (map[string][]any, error) {
	var doc map[string]any
	if _, err := toml.Decode(t.Example, &doc); err != nil {
		return nil, err
	}
	out := map[string][]any{}
	for _, key := range t.Keys {
		if structural(key) {
			continue
		}
		for _, table := range find(doc, t.Name) {
			if value, ok := table[key.Name]; ok && !holds(out[key.Name], plain(value)) {
				out[key.Name] = append(out[key.Name], plain(value))
			}
		}
	}
	return out, nil
}

// structural keys are tables with a place of their own in the reference, or say something
// of what is inherited.
func structural(key policy.Key) bool {
	if key.Name == "remove" || key.Name == "sealed" {
		return true
	}
	for _, v := range key.Values {
		if v.Table != "" {
			return true
		}
		for _, entry := range v.Entries {
			if entry.Table != "" {
				return true
			}
		}
	}
	return false
}

// find gives the tables of a document that a name stands for.
func find(doc map[string]any, name string) []map[string]any {
	found := []map[string]any{doc}
	if name == "" || name == "tests" {
		return found
	}
	for _, part := range strings.Split(name, ".") {
		var next []any
		for _, table := range found {
			if part == "NAME" {
				for _, key := range slices.Sorted(maps.Keys(table)) {
					next = append(next, table[key])
				}
				continue
			}
			next = append(next, table[part])
		}
		found = nil
		for _, value := range next {
			switch v := value.(type) {
			case map[string]any:
				found = append(found, v)
			case []map[string]any:
				found = append(found, v...)
			}
		}
	}
	return found
}

// dateOnly is the zone that the decoder gives to a date without a time.
const dateOnly = "date-local"

// plain gives a value of TOML as JSON has it: a date is a string.
func plain(value any) any {
	switch v := value.(type) {
	case time.Time:
		if v.Location().String() == dateOnly {
			return v.Format(time.DateOnly)
		}
		return v.Format(time.RFC3339)
	case map[string]any:
		out := map[string]any{}
		for key, item := range v {
			out[key] = plain(item)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = plain(item)
		}
		return out
	case []map[string]any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = plain(item)
		}
		return out
	}
	return value
}

func holds(values []any, value any) bool {
	for _, v := range values {
		if reflect.DeepEqual(v, value) {
			return true
		}
	}
	return false
}

// literal reads one value of TOML.
func literal(text string) (any, error) {
	var doc map[string]any
	if _, err := toml.Decode("value = "+text, &doc); err != nil {
		return nil, fmt.Errorf("%q: %w", text, err)
	}
	return plain(doc["value"]), nil
}
