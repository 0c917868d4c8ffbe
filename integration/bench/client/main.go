// Command client is what bench starts with and without a sandbox: it measures calls from inside,
// and prints nanoseconds.
//
//	client connect ADDRESS COUNT   the median of socket, connect, the first byte and close
//	client call COUNT              what a thousand getppid(2) take
package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"time"
)

func main() {
	took, err := measure(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "client:", err)
		os.Exit(1)
	}
	fmt.Println(took.Nanoseconds())
}

func measure(args []string) (time.Duration, error) {
	switch {
	case len(args) == 3 && args[0] == "connect":
		count, err := strconv.Atoi(args[2])
		if err != nil {
			return 0, err
		}
		return connections(args[1], count)
	case len(args) == 2 && args[0] == "call":
		count, err := strconv.Atoi(args[1])
		if err != nil {
			return 0, err
		}
		return calls(count), nil
	}
	return 0, errors.New("connect ADDRESS COUNT, or call COUNT")
}

func connections(address string, count int) (time.Duration, error) {
	times := make([]time.Duration, count)
	for i := range times {
		started := time.Now()
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return 0, err
		}
		_, err = io.ReadFull(conn, make([]byte, 1))
		if err := errors.Join(err, conn.Close()); err != nil {
			return 0, err
		}
		times[i] = time.Since(started)
	}
	slices.Sort(times)
	return times[count/2], nil
}

func calls(count int) time.Duration {
	started := time.Now()
	for range count {
		os.Getppid()
	}
	return time.Since(started) * 1000 / time.Duration(count)
}
