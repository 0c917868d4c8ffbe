//go:build linux && cgo && libseccomp

package seccomp

import (
	"fmt"
	"io"
	"os"

	"github.com/seccomp/libseccomp-golang"

	"confine/policy/syscalls"
)

// LinkedLibrary returns the version of libseccomp in this program, and whether there
// is one.
func LinkedLibrary() (LibraryVersion, bool) {
	major, minor, micro := seccomp.GetLibraryVersion()
	return LibraryVersion{major, minor, micro}, true
}

// libraryAPI is the API level that has SECCOMP_RET_KILL_PROCESS and the binary tree.
// It is set, because the library would otherwise ask the running kernel what it can,
// and the same filter has to give the same bytes everywhere.
const libraryAPI = 4

// writeByLibrary returns the program of f as libseccomp writes it, for its native
// architecture and a balanced tree of numbers. It may be wrong, and may never return.
func writeByLibrary(f libraryFilter) (Program, error) {
	if err := seccomp.SetAPI(libraryAPI); err != nil {
		return nil, fmt.Errorf("choose API level %d, which takes libseccomp 2.5.0: %w", libraryAPI, err)
	}
	filter, err := seccomp.NewFilter(libraryAction(f.otherwise))
	if err != nil {
		return nil, err
	}
	defer filter.Release()
	if err := filter.SetBadArchAction(seccomp.ActKillProcess); err != nil {
		return nil, err
	}
	if err := filter.SetOptimize(2); err != nil {
		return nil, err
	}
	for _, rule := range f.rules {
		if err := addRule(filter, rule); err != nil {
			return nil, fmt.Errorf("add call %d: %w", rule.number, err)
		}
	}
	return export(filter)
}

func addRule(filter *seccomp.ScmpFilter, rule libraryRule) error {
	call, action := seccomp.ScmpSyscall(rule.number), libraryAction(rule.answer)
	if len(rule.when) == 0 {
		return filter.AddRuleExact(call, action)
	}
	var conditions []seccomp.ScmpCondition
	for _, c := range rule.when {
		values := []uint64{c.value}
		if c.op == equalMasked {
			values = []uint64{c.mask, c.value}
		}
		condition, err := seccomp.MakeCondition(uint(c.arg), libraryOperators[c.op], values...)
		if err != nil {
			return err
		}
		conditions = append(conditions, condition)
	}
	return filter.AddRuleConditionalExact(call, action, conditions)
}

var libraryOperators = map[comparisonOperator]seccomp.ScmpCompareOp{
	equal:          seccomp.CompareEqual,
	notEqual:       seccomp.CompareNotEqual,
	less:           seccomp.CompareLess,
	lessOrEqual:    seccomp.CompareLessOrEqual,
	greaterOrEqual: seccomp.CompareGreaterEqual,
	greater:        seccomp.CompareGreater,
	equalMasked:    seccomp.CompareMaskedEqual,
}

// libraryAction needs no error: filters have passed [syscalls.Filter.Check].
func libraryAction(a syscalls.Action) seccomp.ScmpAction {
	step, held := placeheld(a)
	switch {
	case held:
		return seccomp.ActTrace.SetReturnCode(int16(step))
	case a == syscalls.Allow:
		return seccomp.ActAllow
	case a == syscalls.KillProcess:
		return seccomp.ActKillProcess
	}
	return seccomp.ActErrno.SetReturnCode(int16(a & 0xffff))
}

// export reads the program through a pipe: 2.5 writes to files only.
func export(filter *seccomp.ScmpFilter) (Program, error) {
	reader, writer, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	exported := make(chan error, 1)
	go func() {
		defer writer.Close()
		exported <- filter.ExportBPF(writer)
	}()
	raw, err := io.ReadAll(reader)
	if err != nil {
		return nil, err
	}
	if err := <-exported; err != nil {
		return nil, err
	}
	var p Program
	if err := p.UnmarshalBinary(raw); err != nil {
		return nil, err
	}
	return p, nil
}
