//go:build linux

package main

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"time"
)

// networkPatience bounds the wait for an answer that should come at once.
const networkPatience = 2 * time.Second

// connect opens a TCP connection. A listener of the tests also has a UDP socket on
// its port, and answers what it gets there.
func connect(target string) error {
	return agree(
		step{"tcp", func() error { return dial("tcp", target) }},
		step{"udp", func() error {
			conn, err := net.DialTimeout("udp", target, networkPatience)
			if err != nil {
				return err
			}
			defer func() { _ = conn.Close() }()
			if err := conn.SetDeadline(time.Now().Add(networkPatience)); err != nil {
				return err
			}
			if _, err := conn.Write([]byte("x")); err != nil {
				return err
			}
			_, err = conn.Read(make([]byte, 1))
			return err
		}},
	)
}

func abstract(name string) error { return dial("unix", "@"+name) }

// datagram sends to a socket that takes datagrams: "datagram PATH", with @ for a name
// without a file.
func datagram(path string) error {
	conn, err := net.Dial("unixgram", path)
	if err != nil {
		return err
	}
	_, err = conn.Write([]byte("x"))
	return errors.Join(err, conn.Close())
}

func dial(network, address string) error {
	conn, err := net.DialTimeout(network, address, networkPatience)
	if err == nil {
		_ = conn.Close()
	}
	return err
}

// resolver looks names up as the host is configured to, and by TCP alone where the
// environment tells libc to (resolv.conf(5)), which Go does not read.
func resolver() *net.Resolver {
	r := &net.Resolver{PreferGo: true}
	if strings.Contains(os.Getenv("RES_OPTIONS"), "use-vc") {
		r.Dial = func(ctx context.Context, _, server string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", server)
		}
	}
	return r
}

// resolve looks a name up as the host is configured to.
func resolve(name string) error { return lookupWith(resolver(), name) }

// lookup asks one name server: "lookup NAME ADDRESS:PORT".
func lookup(target string) error {
	name, server, _ := strings.Cut(target, " ")
	return lookupWith(&net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", server)
	}}, name)
}

func lookupWith(r *net.Resolver, name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), networkPatience)
	defer cancel()
	_, err := r.LookupHost(ctx, name)
	return err
}
