package main

import (
	"fmt"
	"strings"

	"confine/policies"
)

// completionFish needs fish 3.
func completionFish(all []completed) string {
	var b strings.Builder
	var valued, bare []string
	for _, c := range all {
		for _, f := range c.flags {
			if f.valued {
				for _, written := range f.written() {
					valued = append(valued, c.name+written)
				}
			}
		}
		if c.bare() {
			bare = append(bare, c.name)
		}
	}
	fmt.Fprintf(&b, fishBegin, strings.Join(valued, " "), strings.Join(bare, " "), strings.Join(policies.Names(), " "))
	b.WriteString("\ncomplete -c confine -f\n" +
		"complete -c confine -n '__confine_at \"\"' -l help -d " + fishQuote(helpFlagSummary) + "\n" +
		"complete -c confine -n '__confine_at \"\"' -l version -d " + fishQuote(commands["version"].summary) + "\n")
	for _, c := range all {
		fmt.Fprintf(&b, "complete -c confine -n '__confine_at \"\"' -a %s -d %s\n", c.name, fishQuote(c.summary))
	}
	for _, c := range all {
		b.WriteString("\n")
		for _, f := range c.flags {
			fmt.Fprintf(&b, "complete -c confine -n '__confine_at %s'", c.name)
			if f.short != "" {
				b.WriteString(" -s " + f.short)
			}
			fmt.Fprintf(&b, " -l %s", f.name)
			if f.valued {
				b.WriteString(fishValue(f.values))
			}
			fmt.Fprintf(&b, " -d %s\n", fishQuote(f.summary))
		}
		for i, v := range c.arguments {
			at := fmt.Sprintf("%s %d", c.name, i)
			if c.repeated && i == len(c.arguments)-1 {
				at = c.name
			}
			if offer := fishOffer(v); offer != "" {
				fmt.Fprintf(&b, "complete -c confine -n '__confine_at %s' %s\n", at, offer)
			}
		}
		if c.program {
			fmt.Fprintf(&b, "complete -c confine -n '__confine_at %s program' -a '(__confine_program)'\n", c.name)
		}
	}
	return b.String()
}

// fishValue says what can be the value of a flag.
func fishValue(v values) string {
	if offer := fishOffer(v); offer != "" {
		return " -r " + offer
	}
	return " -x"
}

// fishOffer are the options of complete that offer values, or nothing.
func fishOffer(v values) string {
	switch v.kind {
	case oneOf:
		return "-f -a " + fishQuote(strings.Join(v.words, " "))
	case policyValue:
		return "-f -a '(__confine_policies)'"
	case fileValue:
		return "-F"
	case directoryValue:
		return "-f -a '(__fish_complete_directories (commandline -ct))'"
	case userValue:
		return "-f -a '(__fish_complete_users)'"
	case anyValue:
	}
	return ""
}

func fishQuote(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(text) + "'"
}

const fishBegin = `# fish completion of confine

# __confine_words prints what the words before the current one are: the command, how many
# arguments it has, and at which word another command line begins, or 0. What follows "--" is
# taken for one; of a command that starts none, nothing is offered there.
function __confine_words
    set -l valued %s
    set -l bare %s
    set -l words (commandline -opc)
    set -l count 0
    set -l i 3
    while test $i -le (count $words)
        switch $words[$i]
            case --
                echo $words[2]\n$count\n(math $i + 1)
                return
            case '-*'
                if contains -- $words[2]$words[$i] $valued
                    set i (math $i + 1)
                end
            case '*'
                if contains -- "$words[2]" $bare
                    echo $words[2]\n$count\n$i
                    return
                end
                set count (math $count + 1)
        end
        set i (math $i + 1)
    end
    # one further on, the current word is the value of a flag
    if contains -- "$words[2]" $bare; and test $i -eq (math (count $words) + 1)
        and not string match -q -- '-*' (commandline -ct)
        echo $words[2]\n$count\n$i
        return
    end
    echo "$words[2]"\n$count\n0
end

# __confine_at COMMAND [N|program] tells whether the current word belongs to a command, as the
# argument after N others, or to the command line that is behind it.
function __confine_at
    set -l words (__confine_words)
    test "$words[1]" = "$argv[1]"; or return 1
    if test "$argv[2]" = program
        test $words[3] -gt 0
        return
    end
    test $words[3] -eq 0; or return 1
    test (count $argv) -eq 1; or test $words[2] -eq $argv[2]
end

# __confine_program completes the command line that is behind.
function __confine_program
    set -l words (commandline -opc)
    set -l begin (__confine_words)[3]
    set -l before
    if test $begin -le (count $words)
        set before (string escape -- $words[$begin..-1])
    end
    complete -C (string join ' ' -- $before (commandline -ct))
end

# __confine_policies prints confine's own policies, and the files and directories that can be one.
function __confine_policies
    printf '%%s\tpolicy of confine\n' %s
    # files are what fish completes for a command that it knows nothing of
    complete -C "__confine_files "(commandline -ct) | string match -r -- '.*(?:/|\.toml)(?:\t.*)?$'
end
`
