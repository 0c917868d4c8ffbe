package lint

import (
	"encoding/json"
	"io"
	"time"

	"confine/policy"
)

// jsonReport is the form that scripts read.
type jsonReport struct {
	Findings   []jsonFinding `json:"findings"`
	Policies   int           `json:"policies"`
	PassedOver []string      `json:"passed_over"`
	Excluded   []string      `json:"excluded"`
	Counts     Counts        `json:"counts"`
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
	report := jsonReport{Findings: []jsonFinding{}, Policies: r.Policies, PassedOver: append([]string{}, r.PassedOver...), Excluded: append([]string{}, r.Excluded...), Counts: r.Counts()}
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
