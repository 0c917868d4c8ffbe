//go:build linux

package runner

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"confine/policy"
)

// elfWith is the least of a 64-bit program that asks for a loader.
func elfWith(loader string) []byte {
	const header, segment = 64, 56
	text := append([]byte(loader), 0)
	out := append([]byte{0x7f, 'E', 'L', 'F', 2, 1, 1}, make([]byte, 9)...)
	u16 := func(v uint16) { out = binary.LittleEndian.AppendUint16(out, v) }
	u32 := func(v uint32) { out = binary.LittleEndian.AppendUint32(out, v) }
	u64 := func(v uint64) { out = binary.LittleEndian.AppendUint64(out, v) }
	u16(2)      // ET_EXEC
	u16(62)     // EM_X86_64
	u32(1)      // EV_CURRENT
	u64(0)      // entry
	u64(header) // program headers
	u64(0)      // section headers
	u32(0)
	for _, v := range []uint16{header, segment, 1, 64, 0, 0} {
		u16(v)
	}
	u32(3) // PT_INTERP
	u32(4) // PF_R
	for _, v := range []uint64{header + segment, 0, 0, uint64(len(text)), uint64(len(text)), 1} {
		u64(v)
	}
	return append(out, text...)
}

func TestCheckLookUps(t *testing.T) {
	const byName = "[network]\nmode = \"egress\"\negress = [\"api.example.com:443\"]\n"
	const byAddress = "[network]\nmode = \"egress\"\negress = [\"203.0.113.9:443\"]\n"
	dir := t.TempDir()
	for _, tc := range []struct {
		name, loader, network string
		refused               bool
	}{
		{"musl", "/lib/ld-musl-x86_64.so.1", byName, true},
		{"glibc", "/lib64/ld-linux-x86-64.so.2", byName, false},
		{"musl and addresses alone", "/lib/ld-musl-x86_64.so.1", byAddress, false},
		{"musl without a network", "/lib/ld-musl-x86_64.so.1", "", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			program := filepath.Join(dir, "program")
			if err := os.WriteFile(program, elfWith(tc.loader), 0o755); err != nil {
				t.Fatal(err)
			}
			p, err := policy.Parse("p.toml", []byte("schema = 1\nname = \"p\"\n"+tc.network+"[filesystem]\nread = [\"/etc/resolv.conf\"]\n"))
			if err != nil {
				t.Fatal(err)
			}
			l := &launchable{Options: Options{Policy: p, Program: []string{program}}}
			err = l.checkLookUps()
			var r *Refusal
			if errors.As(err, &r) != tc.refused {
				t.Fatalf("got %v", err)
			}
			if tc.refused {
				mustContain(t, "message", r.Message, "p.toml:4:")
				mustContain(t, "found", r.Found, tc.loader)
			}
		})
	}
}
