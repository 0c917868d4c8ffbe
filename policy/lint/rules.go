package lint

import (
	"slices"
	"strings"
)

// all are the rules, sorted by code.
var all = collect(
	fileRules, networkRules, filesystemRules, backendRules, rlimitRules, capabilityRules,
	syscallRules, environmentRules, processRules, languageRules,
)

func collect(groups ...[]*Rule) []*Rule {
	rules := slices.Concat(groups...)
	slices.SortFunc(rules, func(a, b *Rule) int { return strings.Compare(a.Code, b.Code) })
	return rules
}

// Rules gives every rule, sorted by code.
func Rules() []*Rule { return slices.Clone(all) }

// RuleOf gives the rule of a code, in any case of its letters.
func RuleOf(code string) (rule *Rule, ok bool) {
	for _, r := range all {
		if strings.EqualFold(r.Code, code) {
			return r, true
		}
	}
	return nil, false
}

// Codes gives the codes of all rules, sorted.
func Codes() []string {
	var codes []string
	for _, r := range all {
		codes = append(codes, r.Code)
	}
	return codes
}
