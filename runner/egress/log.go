//go:build linux

package egress

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"
)

// maxTallies is how many different events of one room are told and counted one by one.
const maxTallies = 10_000

// maxText bounds each text of an event, in bytes.
const maxText = 1024

// journal writes the log. Names and addresses in it are of the sandbox's choice: it bounds
// what it keeps, and nothing in a line can break it or drive a terminal.
type journal struct {
	now func() time.Time

	mutex sync.Mutex
	begun bool
	// teller is nil if nobody is told.
	teller *teller
	out    io.Writer
	err    error
	// tallies are in the order of their first events.
	tallies []*tally
	seen    map[tallyKey]*tally
	kept    map[room]int
	// beyond counts the events for which there was no room.
	beyond map[room]*tally
	// torn says that the last line is not whole.
	torn bool
}

// room is what events share their number of tallies with: names that are looked up, of
// which the program can make up any number, take none from what it tries to connect to.
type room struct {
	verdict Verdict
	names   bool
}

func roomOf(e Event) room { return room{e.Verdict, e.Kind == KindResolve} }

// tallyKey is what makes two events the same.
type tallyKey struct {
	kind     Kind
	verdict  Verdict
	host     string
	port     uint16
	protocol string
	because  string
}

// lane tells apart the questions of one attempt: a client that wants to connect to a name
// asks for A and AAAA at once.
type lane int

const (
	laneA lane = iota
	laneAAAA
	laneOther
	lanes
)

// tally counts the events that are the same.
type tally struct {
	first Event
	// last is when the last of them was.
	last  time.Time
	times [lanes]uint64
}

// attempts is how often the busiest lane was seen.
func (t *tally) attempts() uint64 { return max(t.times[laneA], t.times[laneAAAA], t.times[laneOther]) }

func newJournal(out io.Writer, denied func(Event), now func() time.Time) *journal {
	j := &journal{out: out, now: now, seen: map[tallyKey]*tally{}, kept: map[room]int{}, beyond: map[room]*tally{}}
	if denied != nil {
		j.teller = newTeller(denied)
	}
	return j
}

// begin ends the time in which all events are dropped.
func (j *journal) begin() {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	j.begun = true
}

// tell writes an event.
func (j *journal) tell(e Event) {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	if !j.begun {
		return
	}
	e = j.dated(e)
	j.write(e)
	j.pass(e)
}

// count writes an event the first time, and at the end how often it was there.
func (j *journal) count(e Event, of lane) {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	if !j.begun {
		return
	}
	e = j.dated(e)
	t := j.tallyOf(e)
	if t == nil {
		t, of = j.beyondOf(e), laneOther
	}
	t.times[of]++
	t.last = e.Time
	j.pass(e)
}

// tallyOf gives the tally of an event, or nil if there is no room for another.
func (j *journal) tallyOf(e Event) *tally {
	key := tallyKey{e.Kind, e.Verdict, e.Host, e.Port, e.Protocol, e.Because}
	in := roomOf(e)
	if t := j.seen[key]; t != nil {
		return t
	}
	if j.kept[in] >= maxTallies {
		return nil
	}
	j.kept[in]++
	j.seen[key] = j.newTally(e)
	return j.seen[key]
}

// beyondOf gives the tally of all events of a kind for which there was no room.
func (j *journal) beyondOf(e Event) *tally {
	in := roomOf(e)
	if j.beyond[in] == nil {
		j.beyond[in] = j.newTally(Event{
			Time: e.Time, Kind: e.Kind, Verdict: e.Verdict,
			Because: fmt.Sprintf("more than %d different events are %s: the others are only counted", maxTallies, e.Verdict),
		})
	}
	return j.beyond[in]
}

func (j *journal) newTally(first Event) *tally {
	t := &tally{first: first}
	j.tallies = append(j.tallies, t)
	j.write(first)
	return t
}

// finish writes how often events were there that were written once, and drops what comes
// after it.
func (j *journal) finish() {
	j.mutex.Lock()
	j.begun = false
	for _, t := range j.tallies {
		e := t.first
		if e.Times = t.attempts(); e.Times > 1 {
			e.Time = t.last
			j.write(e)
		}
	}
	teller := j.teller
	j.teller = nil
	j.mutex.Unlock()
	if teller != nil {
		teller.finish()
	}
}

// failure is the first error of the log.
func (j *journal) failure() error {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	return j.err
}

// dated gives an event its time, and texts that are safe to show.
func (j *journal) dated(e Event) Event {
	e.Time = j.now()
	e.Host, e.Because = printable(e.Host), printable(e.Because)
	return e
}

func (j *journal) pass(e Event) {
	if e.Verdict == Denied && j.teller != nil {
		j.teller.tell(e)
	}
}

func (j *journal) write(e Event) {
	if j.out == nil {
		return
	}
	line, err := json.Marshal(e)
	if err == nil {
		err = j.writeLine(line)
	}
	if err != nil && j.err == nil {
		j.err = fmt.Errorf("write the log of the gateway: %w", err)
	}
}

// writeLine writes a line, after the end of one that was written in part.
func (j *journal) writeLine(line []byte) error {
	line = append(line, '\n')
	if j.torn {
		line = append([]byte{'\n'}, line...)
	}
	n, err := j.out.Write(line)
	switch {
	case n == len(line):
		j.torn = false
	case n > 0:
		// Of a line that begins with the end of another, that end alone may be there.
		j.torn = !j.torn || n > 1
	}
	return err
}
