package lint

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/url"
	"strings"
	"time"

	"confine/policy"
)

// The parts of SARIF 2.1.0 (OASIS, 2020) that a report needs.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool         `json:"tool"`
		Invocations []sarifInvocation `json:"invocations"`
		ColumnKind  string            `json:"columnKind"`
		Results     []sarifResult     `json:"results"`
	}
	sarifInvocation struct {
		ExecutionSuccessful            bool                `json:"executionSuccessful"`
		ToolConfigurationNotifications []sarifNotification `json:"toolConfigurationNotifications,omitempty"`
	}
	sarifNotification struct {
		Level     string          `json:"level"`
		Message   sarifMessage    `json:"message"`
		Locations []sarifLocation `json:"locations,omitempty"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version,omitempty"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID                   string          `json:"id"`
		ShortDescription     sarifMessage    `json:"shortDescription"`
		FullDescription      sarifMessage    `json:"fullDescription"`
		Help                 sarifMessage    `json:"help"`
		DefaultConfiguration sarifLevel      `json:"defaultConfiguration"`
		Properties           sarifProperties `json:"properties"`
	}
	sarifLevel struct {
		Level string `json:"level"`
	}
	sarifProperties struct {
		Tags []string `json:"tags"`
	}
	sarifMessage struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown,omitempty"`
	}
	sarifResult struct {
		RuleID              string             `json:"ruleId"`
		RuleIndex           int                `json:"ruleIndex"`
		Level               string             `json:"level"`
		Message             sarifMessage       `json:"message"`
		Locations           []sarifLocation    `json:"locations"`
		PartialFingerprints map[string]string  `json:"partialFingerprints"`
		Suppressions        []sarifSuppression `json:"suppressions,omitempty"`
	}
	sarifLocation struct {
		PhysicalLocation sarifPhysicalLocation `json:"physicalLocation"`
	}
	sarifPhysicalLocation struct {
		ArtifactLocation sarifArtifactLocation `json:"artifactLocation"`
		Region           sarifRegion           `json:"region"`
	}
	sarifArtifactLocation struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine   int           `json:"startLine"`
		StartColumn int           `json:"startColumn"`
		EndColumn   int           `json:"endColumn"`
		Snippet     *sarifMessage `json:"snippet,omitempty"`
	}
	sarifSuppression struct {
		Kind          string `json:"kind"`
		Justification string `json:"justification"`
	}
)

// sarifLevels are the levels of results, by severity.
var sarifLevels = map[Severity]string{Error: "error", Warning: "warning", Info: "note"}

// SARIF writes a report as SARIF 2.1.0, which code scanning takes. What comments allow is
// in it, as suppressed, and what was not looked at, as notes about the run.
func (r *Report) SARIF(w io.Writer) error {
	run := sarifRun{
		Tool:        sarifTool{sarifDriver{Name: "confine", Version: r.Version, Rules: []sarifRule{}}},
		Invocations: []sarifInvocation{{true, r.notifications()}},
		ColumnKind:  "unicodeCodePoints", Results: []sarifResult{},
	}
	index := map[string]int{}
	for i, rule := range all {
		index[rule.Code] = i
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{
			ID: rule.Code, ShortDescription: sarifMessage{Text: rule.Title}, FullDescription: sarifMessage{Text: oneLine(rule.Why)},
			Help:                 sarifMessage{Text: oneLine(rule.Why) + "\n\n" + oneLine(rule.Instead), Markdown: rule.Page()},
			DefaultConfiguration: sarifLevel{sarifLevels[rule.Severity]}, Properties: sarifProperties{[]string{"security", rule.Group()}},
		})
	}
	for _, f := range r.Findings {
		run.Results = append(run.Results, f.sarif(index[f.Rule.Code]))
	}
	return writeJSON(w, sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}})
}

// notifications say what is wrong with the settings, and what was not looked at.
func (r *Report) notifications() []sarifNotification {
	var out []sarifNotification
	for _, d := range r.Doubts {
		out = append(out, sarifNotification{"warning", sarifText(d), []sarifLocation{sarifPlace(d)}})
	}
	for _, line := range r.blind() {
		out = append(out, sarifNotification{Level: "note", Message: sarifMessage{Text: strings.Join(strings.Fields(line), " ")}})
	}
	return out
}

func sarifText(d policy.Diagnostic) sarifMessage {
	text := d.Message
	for _, note := range d.Notes {
		text += "\n" + note
	}
	if d.Hint != "" {
		text += "\nhint: " + d.Hint
	}
	return sarifMessage{Text: text}
}

func sarifPlace(d policy.Diagnostic) sarifLocation {
	region := sarifRegion{StartLine: max(d.At.Line, 1), StartColumn: max(d.At.Column, 1), EndColumn: max(d.EndColumn, d.At.Column, 1)}
	if d.Source != "" {
		region.Snippet = &sarifMessage{Text: d.Source}
	}
	return sarifLocation{sarifPhysicalLocation{sarifArtifactLocation{sarifURI(d.At.File)}, region}}
}

func (f Finding) sarif(index int) sarifResult {
	result := sarifResult{
		RuleID: f.Rule.Code, RuleIndex: index, Level: sarifLevels[f.Rule.Severity], Message: sarifText(f.Diagnostic),
		Locations: []sarifLocation{sarifPlace(f.Diagnostic)},
		// The line without its place: a finding that only moved is not a new one. Code scanning
		// knows fingerprints by this name.
		PartialFingerprints: map[string]string{"primaryLocationLineHash": fingerprint(f.Rule.Code, f.Message, strings.TrimSpace(f.Source)) + ":1"},
	}
	if s := f.Suppressed; s != nil {
		result.Suppressions = []sarifSuppression{{"inSource", s.Reason + " (until " + s.Until.Format(time.DateOnly) + ")"}}
	}
	return result
}

// sarifURI is the URI of a file: relative where the file was named so.
func sarifURI(file string) string {
	u := url.URL{Path: slashed(file)}
	switch {
	case strings.HasPrefix(u.Path, "/"):
		u.Scheme = "file"
	case len(u.Path) > 1 && u.Path[1] == ':':
		u.Scheme, u.Path = "file", "/"+u.Path
	}
	return u.String()
}

func fingerprint(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// oneLine joins the lines of a paragraph, and keeps paragraphs apart.
func oneLine(text string) string {
	paragraphs := strings.Split(strings.TrimSpace(text), "\n\n")
	for i, p := range paragraphs {
		paragraphs[i] = strings.Join(strings.Fields(p), " ")
	}
	return strings.Join(paragraphs, "\n\n")
}
