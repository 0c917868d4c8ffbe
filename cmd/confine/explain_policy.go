package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"confine/policy"
)

// policyReport is a policy with all that it extends.
type policyReport struct {
	identity
	Description string                `json:"description"`
	Sources     []policy.SourceDigest `json:"sources"`
	Entries     []entryReport         `json:"entries"`
	// Changes are what the policy's own file does to the entries of its bases.
	Changes []changeReport `json:"changes"`

	file string
}

// entryReport is one entry and where it stands. Values of environment.set are left out.
type entryReport struct {
	Table string           `json:"table"`
	Key   string           `json:"key"`
	Value string           `json:"value,omitempty"`
	Note  string           `json:"note,omitempty"`
	At    *policy.Position `json:"at,omitempty"`
}

func explainPolicy(p *policy.Policy) policyReport {
	r := policyReport{identity: identityOf(p), Description: p.Description, Sources: p.Sources, file: p.File}
	r.Entries, r.Changes = entriesOf(p), []changeReport{}
	if inherited := p.Inherited(); inherited != nil {
		r.Changes = changesOf(r.Entries, entriesOf(inherited))
	}
	return r
}

// entriesOf gives all that a policy says, defaults included.
func entriesOf(p *policy.Policy) []entryReport {
	var entries []entryReport
	add := func(table, key, value, note string, at policy.Position) {
		entries = append(entries, entryReport{table, key, value, note, stated(at)})
	}
	for _, param := range p.Params {
		value := "(no value)"
		if param.Bound {
			value = param.Value
		}
		add("params", param.Name, value, string(param.Type), param.At)
	}
	add("network", "mode", string(p.Network.Mode), "", p.Network.At)
	for _, e := range p.Network.Egress {
		add("network", "egress", e.String(), "", e.At)
	}
	for _, n := range p.Network.Private {
		add("network", "private", n.Prefix.String(), "", n.At)
	}
	if p.Network.Fronting != "" {
		add("network", "fronting", string(p.Network.Fronting), "", p.Network.FrontingAt)
	}
	if p.Network.MaxBytes > 0 {
		add("network", "max_bytes", policy.SizeText(p.Network.MaxBytes), "", p.Network.MaxBytesAt)
	}
	if p.Network.MaxConnections > 0 {
		add("network", "max_connections", strconv.FormatUint(p.Network.MaxConnections, 10), "", p.Network.MaxConnectionsAt)
	}
	for _, e := range p.Filesystem.Entries {
		path, note := e.Path, ""
		if e.Optional {
			path += "?" // as policies write it
		}
		if e.Size > 0 {
			note = policy.SizeText(e.Size)
		}
		add("filesystem", string(e.Mode), path, note, e.At)
	}
	for _, l := range p.Filesystem.Links {
		add("filesystem", "links", l.From+" -> "+l.To, "", l.At)
	}
	add("filesystem", "proc", string(p.Filesystem.Proc), "", p.Filesystem.ProcAt)
	add("filesystem", "dev", string(p.Filesystem.Dev), "", p.Filesystem.DevAt)
	for _, l := range p.Rlimits {
		add("rlimits", l.Name, l.Text(), "", l.At)
	}
	for _, c := range p.Capabilities {
		add("capabilities", "keep", c.Name, "", c.At)
	}
	entries = append(entries, syscallEntries(&p.Syscalls)...)
	for _, e := range p.Environment.Pass {
		add("environment", "pass", e.Pattern, "", e.At)
	}
	for _, v := range p.Environment.Set {
		add("environment", "set", v.Name, "value not shown", v.At)
	}
	entries = append(entries, processEntries(p.Process)...)
	for _, a := range p.Accept {
		add("accept", a.Clause, a.Reason, fmt.Sprintf("%s, until %s", a.Backend, a.Until.Format(time.DateOnly)), a.At)
	}
	return entries
}

func syscallEntries(s *policy.Syscalls) []entryReport {
	entries := []entryReport{{"syscalls", "base", s.Base, "", stated(s.At)}}
	for _, e := range s.Allow {
		entries = append(entries, entryReport{"syscalls", "allow", e.Name, "", stated(e.At)})
	}
	for _, e := range s.Deny {
		entries = append(entries, entryReport{"syscalls", "deny", e.Name, "", stated(e.At)})
	}
	entries = append(entries, entryReport{"syscalls", "on_deny", string(s.OnDeny), "", stated(s.OnDenyAt)})
	for _, rule := range s.Rules {
		entries = append(entries, entryReport{"syscalls", "rule", rule.Syscall + ": " + conditionsOf(rule), "", stated(rule.At)})
	}
	return entries
}

func conditionsOf(rule policy.SyscallRule) string {
	var when []string
	for _, c := range rule.When {
		when = append(when, c.String())
	}
	return strings.Join(when, ", ")
}

func processEntries(process policy.Process) []entryReport {
	var entries []entryReport
	if process.User != "" {
		entries = append(entries, entryReport{"process", "user", process.User, "", stated(process.UserAt)})
	}
	if process.Directory != "" {
		entries = append(entries, entryReport{"process", "directory", process.Directory, "", stated(process.DirectoryAt)})
	}
	if process.WallTime > 0 {
		entries = append(entries, entryReport{"process", "wall_time", policy.DurationText(process.WallTime), "", stated(process.WallTimeAt)})
	}
	if process.Memory > 0 {
		entries = append(entries, entryReport{"process", "memory", policy.SizeText(process.Memory), "", stated(process.MemoryAt)})
	}
	if process.Pids > 0 {
		entries = append(entries, entryReport{"process", "pids", strconv.FormatUint(process.Pids, 10), "", stated(process.PidsAt)})
	}
	return entries
}

func (r policyReport) text() string {
	var out strings.Builder
	out.WriteString(paragraph("", fmt.Sprintf("policy %s %.8s", r.Policy, r.Digest)))
	if r.Description != "" {
		out.WriteString(paragraph("", r.Description))
	}
	out.WriteString("\n")
	for _, source := range r.Sources {
		fmt.Fprintf(&out, "  %.12s  %s\n", source.SHA256, visible(source.File))
	}
	out.WriteString(entriesText(r.Entries))
	out.WriteString(changesText(r.file, r.Changes))
	return out.String()
}

// entriesText is a table of entries for each table of the policy. An entry that does
// not fit on a line has its place on the next.
func entriesText(entries []entryReport) string {
	keyWidth, noteWidth, atWidth := 0, 0, 0
	for _, e := range entries {
		keyWidth = max(keyWidth, utf8.RuneCountInString(e.Key))
		noteWidth = max(noteWidth, utf8.RuneCountInString(e.Note))
		atWidth = max(atWidth, utf8.RuneCountInString(e.place()))
	}
	room := columns - 2 - keyWidth - 2 - noteWidth - 2 - atWidth - 2
	valueWidth := 0
	for _, e := range entries {
		if n := utf8.RuneCountInString(e.Value); n <= room {
			valueWidth = max(valueWidth, n)
		}
	}
	var out strings.Builder
	table := ""
	for _, e := range entries {
		if e.Table != table {
			table = e.Table
			fmt.Fprintf(&out, "\n[%s]\n", table)
		}
		key := "  " + pad(e.Key, keyWidth) + "  "
		if utf8.RuneCountInString(e.Value) <= valueWidth {
			fmt.Fprintf(&out, "%s%s  %s  %s\n", key, pad(visible(e.Value), valueWidth), pad(e.Note, noteWidth), visible(e.place()))
			continue
		}
		out.WriteString(paragraph(key, e.Value))
		blank, note := strings.Repeat(" ", len(key)), strings.TrimLeft(e.Note+"  ", " ")
		if room >= 0 {
			blank, note = blank+pad("", valueWidth)+"  ", pad(e.Note, noteWidth)+"  "
		}
		fmt.Fprintf(&out, "%s%s%s\n", blank, note, visible(e.place()))
	}
	return out.String()
}

// place is where the entry stands.
func (e entryReport) place() string {
	if e.At == nil {
		return "default"
	}
	return e.At.String()
}
