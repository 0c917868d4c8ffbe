//go:build linux

package gatewayns

import "golang.org/x/sys/unix"

// maxPacket is how much of a packet is copied: headers, and none of what is sent.
const maxPacket = 80

// beginnings is a filter for packets (packet(7), networking/filter.rst of the kernel): it
// takes from the IP header on what comes in, is IPv4 or IPv6, and is either no TCP or a SYN
// without ACK. Established connections pass it by.
var beginnings = []unix.SockFilter{
	// What the gateway sends itself is not looked at.
	0:  {Code: unix.BPF_LD | unix.BPF_B | unix.BPF_ABS, K: skfAdOff + skfAdPktType},
	1:  {Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.PACKET_OUTGOING, Jt: 15, Jf: 0},
	2:  {Code: unix.BPF_LD | unix.BPF_H | unix.BPF_ABS, K: skfAdOff + skfAdProtocol},
	3:  {Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.ETH_P_IP, Jt: 0, Jf: 7},
	4:  {Code: unix.BPF_LD | unix.BPF_B | unix.BPF_ABS, K: 9},
	5:  {Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.IPPROTO_TCP, Jt: 0, Jf: 12},
	6:  {Code: unix.BPF_LD | unix.BPF_H | unix.BPF_ABS, K: 6},
	7:  {Code: unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K, K: 0x1fff, Jt: 9, Jf: 0}, // a later fragment
	8:  {Code: unix.BPF_LDX | unix.BPF_B | unix.BPF_MSH, K: 0},
	9:  {Code: unix.BPF_LD | unix.BPF_B | unix.BPF_IND, K: 13},
	10: {Code: unix.BPF_JMP | unix.BPF_JA, K: 4},
	11: {Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.ETH_P_IPV6, Jt: 0, Jf: 5},
	12: {Code: unix.BPF_LD | unix.BPF_B | unix.BPF_ABS, K: 6},
	13: {Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.IPPROTO_TCP, Jt: 0, Jf: 4},
	14: {Code: unix.BPF_LD | unix.BPF_B | unix.BPF_ABS, K: 40 + 13},
	15: {Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: tcpSYN | tcpACK},
	16: {Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: tcpSYN, Jt: 1, Jf: 0},
	17: {Code: unix.BPF_RET | unix.BPF_K, K: 0},
	18: {Code: unix.BPF_RET | unix.BPF_K, K: maxPacket},
}

const (
	tcpSYN = 0x02
	tcpACK = 0x10
	// Ancillary data of a filter, see networking/filter.rst: SKF_AD_OFF is -0x1000.
	skfAdOff      = 0xfffff000
	skfAdProtocol = 0
	skfAdPktType  = 4
)
