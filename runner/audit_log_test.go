//go:build linux

package runner

import (
	"encoding/binary"
	"testing"

	"confine/policy/syscalls"
)

// auditRecord is a message of netlink with a type and a text.
func auditRecord(kind uint16, text string) []byte {
	header := binary.NativeEndian.AppendUint32(nil, uint32(16+len(text)))
	header = binary.NativeEndian.AppendUint16(header, kind)
	return append(append(header, make([]byte, 10)...), text...)
}

func TestParseSeccompRecord(t *testing.T) {
	const (
		begin = "audit(1795459432.910:4616): auid=4294967295 uid=995 gid=994 ses=4294967295 pid=2315 "
		end   = " sig=31 arch=c000003e syscall=239 compat=0 ip=0x40a8ce code=0x80000000"
	)
	want := killedCall{2315, syscalls.X86_64, 239}
	for _, tc := range []struct {
		name   string
		record []byte
		ok     bool
	}{
		{"a kill", auditRecord(1326, begin+`comm="probe" exe="/srv/probe"`+end), true},
		{"a name that looks like a field", auditRecord(1326, begin+`comm="pid=1" exe="/srv/syscall=1"`+end), true},
		{"a name in hexadecimal", auditRecord(1326, begin+`comm=61206220 exe="/srv/probe"`+end), true},
		{"with a NUL at its end", auditRecord(1326, begin+`comm="x" exe="/x"`+end+"\x00"), true},
		{"an error that was logged", auditRecord(1326, begin+`comm="x" exe="/x" sig=0 arch=c000003e syscall=239 compat=0 ip=0x4 code=0x50001`), false},
		{"another type", auditRecord(1300, begin+`comm="x" exe="/x"`+end), false},
		{"without a call", auditRecord(1326, begin+`comm="x" exe="/x" sig=31 arch=c000003e`), false},
		{"nothing", nil, false},
		{"less than a header", auditRecord(1326, "")[:15], false},
	} {
		got, ok := parseSeccompRecord(tc.record)
		if ok != tc.ok || ok && got != want {
			t.Errorf("%s: %+v, %v", tc.name, got, ok)
		}
	}
}
