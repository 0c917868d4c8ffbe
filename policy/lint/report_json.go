package lint

import (
	"encoding/json"
	"io"
	"time"

	"confine/policy"
)

// jsonReport is the form that scripts read.
type jsonReport struct {
	Findings      []jsonFinding `json:"findings"`
	Policies      int           `json:"policies"`
	PassedOver    []string      `json:"passed_over"`
	Excluded      []string      `json:"excluded"`
	Links         []string      `json:"links"`
	OtherSettings []string      `json:"other_settings"`
	Settings      *jsonSettings `json:"settings,omitempty"`
	RulesOff      jsonRulesOff  `json:"rules_off"`
	Counts        Counts        `json:"counts"`
}

type jsonSettings struct {
	File     string             `json:"file"`
	Warnings policy.Diagnostics `json:"warnings"`
}

// jsonRulesOff are the rules that were not asked, of any policy or of those at some paths,
// and how many findings of theirs are left out, by code.
type jsonRulesOff struct {
	Everywhere []string       `json:"everywhere"`
	ForPaths   []string       `json:"for_paths"`
	Findings   map[string]int `json:"findings"`
}

type jsonFinding struct {
	Code       string           `json:"code"`
	Severity   string           `json:"severity"`
	At         policy.Position  `json:"at"`
	EndColumn  int              `json:"end_column"`
	Message    string           `json:"message"`
	Notes      []string         `json:"notes,omitempty"`
	Hint       string           `json:"hint,omitempty"`
	Source     string           `json:"source"`
	Fixable    bool             `json:"fixable"`
	Suppressed *jsonSuppression `json:"suppressed,omitempty"`
}

type jsonSuppression struct {
	Until  string          `json:"until"`
	Reason string          `json:"reason"`
	At     policy.Position `json:"at"`
}

// JSON writes a report for scripts.
func (r *Report) JSON(w io.Writer) error {
	list := func(l []string) []string { return append([]string{}, l...) }
	report := jsonReport{
		Findings: []jsonFinding{}, Policies: r.Policies,
		PassedOver: list(r.PassedOver), Excluded: list(r.Excluded), Links: list(r.Links), OtherSettings: list(r.OtherSettings),
		RulesOff: jsonRulesOff{list(r.Off), list(r.OffForPaths), map[string]int{}}, Counts: r.Counts(),
	}
	if r.Settings != "" {
		report.Settings = &jsonSettings{r.Settings, append(policy.Diagnostics{}, r.Doubts...)}
	}
	for _, f := range r.Ignored {
		report.RulesOff.Findings[f.Rule.Code]++
	}
	for _, f := range r.Findings {
		j := jsonFinding{
			Code: f.Rule.Code, Severity: f.Rule.Severity.String(), At: f.At, EndColumn: f.EndColumn,
			Message: f.Message, Notes: f.Notes, Hint: f.Hint, Source: f.Source, Fixable: f.Fix != nil,
		}
		if s := f.Suppressed; s != nil {
			j.Suppressed = &jsonSuppression{s.Until.Format(time.DateOnly), s.Reason, s.At}
		}
		report.Findings = append(report.Findings, j)
	}
	return writeJSON(w, report)
}

func writeJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}
