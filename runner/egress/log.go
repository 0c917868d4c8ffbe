//go:build linux

package egress

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"
)

// maxTallies is how many different events of one verdict are told and counted one by one.
const maxTallies = 10_000

// maxText bounds each text of an event, in bytes.
const maxText = 1024

// journal writes the log. Names and addresses in it are of the sandbox's choice: it bounds
// what it keeps, and nothing in a line can break it or drive a terminal.
type journal struct {
	denied func(Event)
	now    func() time.Time

	mutex sync.Mutex
	begun bool
	out   io.Writer
	err   error
	// tallies are in the order of their first events.
	tallies []*tally
	seen    map[tallyKey]*tally
	kept    map[Verdict]int
	// beyond counts the events for which there was no room.
	beyond map[Verdict]*tally
}

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
	times [lanes]uint64
}

// attempts is how often the busiest lane was seen.
func (t *tally) attempts() uint64 { return max(t.times[laneA], t.times[laneAAAA], t.times[laneOther]) }

func newJournal(out io.Writer, denied func(Event), now func() time.Time) *journal {
	return &journal{
		out: out, denied: denied, now: now,
		seen: map[tallyKey]*tally{}, kept: map[Verdict]int{}, beyond: map[Verdict]*tally{},
	}
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
	key := tallyKey{e.Kind, e.Verdict, e.Host, e.Port, e.Protocol, e.Because}
	t := j.seen[key]
	switch {
	case t != nil:
	case j.kept[e.Verdict] < maxTallies:
		t = &tally{first: e}
		j.seen[key] = t
		j.tallies = append(j.tallies, t)
		j.kept[e.Verdict]++
		j.write(e)
	default:
		t = j.beyond[e.Verdict]
		if t == nil {
			t = &tally{first: Event{
				Time: e.Time, Kind: e.Kind, Verdict: e.Verdict,
				Because: fmt.Sprintf("more than %d different events are %s: the others are only counted", maxTallies, e.Verdict),
			}}
			j.beyond[e.Verdict] = t
			j.tallies = append(j.tallies, t)
			j.write(t.first)
		}
		of = laneOther
	}
	t.times[of]++
	j.pass(e)
}

// finish writes how often events were there that were written once.
func (j *journal) finish() {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	for _, t := range j.tallies {
		e := t.first
		if e.Times = t.attempts(); e.Times > 1 {
			e.Time = j.now()
			j.write(e)
		}
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
	if e.Verdict == Denied && j.denied != nil {
		j.denied(e)
	}
}

func (j *journal) write(e Event) {
	if j.out == nil {
		return
	}
	line, err := json.Marshal(e)
	if err == nil {
		_, err = j.out.Write(append(line, '\n'))
	}
	if err != nil && j.err == nil {
		j.err = fmt.Errorf("write the log of the gateway: %w", err)
	}
}
