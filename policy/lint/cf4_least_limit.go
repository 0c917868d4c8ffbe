package lint

import "fmt"

// leastLimit is the smallest value of a limit that is enough for something.
type leastLimit struct {
	name  string
	value uint64
	// text is the value as a policy states it, hint a line that gives more than enough.
	text, hint string
}

// tooSmall finds limits below the least ones. message has places for what the policy
// says and for what is needed.
func tooSmall(s *Subject, least []leastLimit, message string) []Found {
	var found []Found
	for _, l := range least {
		if limit, ok := s.rlimit(l.name); ok && limit.Value < l.value {
			found = append(found, Found{At: limit.At, Message: fmt.Sprintf(message, stated(s, limit), l.text), Hint: l.hint})
		}
	}
	return found
}
