# fish completion of confine

# __confine_words prints what the words before the current one are: the command, how many
# arguments it has, and at which word another command line begins, or 0. What follows "--" is
# taken for one; of a command that starts none, nothing is offered there.
function __confine_words
    set -l valued compile--arch compile--backend compile--backend-version compile-o compile--output compile--param compile--params-from compile--root compile--seccomp-generator diff--format diff--param diff--params-from doctor--format explain--format explain--param explain--params-from lint--config lint--fail-on lint--format lint--ignore lint--select man-o man--output run--backend run--egress-log run--param run--params-from run--policy run--receipt run--root run--user test--backend test--format test--user
    set -l bare run
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
    printf '%s\tpolicy of confine\n' connector custom-components offline python-connector source-declarative-manifest
    # files are what fish completes for a command that it knows nothing of
    complete -C "__confine_files "(commandline -ct) | string match -r -- '.*(?:/|\.toml)(?:\t.*)?$'
end

complete -c confine -f
complete -c confine -n '__confine_at ""' -l help -d 'show what it does, with examples'
complete -c confine -n '__confine_at ""' -l version -d 'print the version'
complete -c confine -n '__confine_at ""' -a compile -d 'write what a backend needs to enforce a policy'
complete -c confine -n '__confine_at ""' -a completion -d 'print what completes confine\'s command lines in a shell'
complete -c confine -n '__confine_at ""' -a diff -d 'show what a policy newly allows and denies'
complete -c confine -n '__confine_at ""' -a doctor -d 'tell which backend works here, and what is missing'
complete -c confine -n '__confine_at ""' -a explain -d 'show what a policy means, or why it allows an access or denies it'
complete -c confine -n '__confine_at ""' -a help -d 'tell more of a command, with examples'
complete -c confine -n '__confine_at ""' -a lint -d 'find what is wrong, risky or without effect in policies'
complete -c confine -n '__confine_at ""' -a man -d 'print the manual pages'
complete -c confine -n '__confine_at ""' -a run -d 'launch a program under a policy, proven or refused'
complete -c confine -n '__confine_at ""' -a schema -d 'print the JSON Schema of policies or of their tests, for editors'
complete -c confine -n '__confine_at ""' -a test -d 'ask policies what their tests expect of them'
complete -c confine -n '__confine_at ""' -a version -d 'print the version'

complete -c confine -n '__confine_at compile' -l arch -r -f -a 'x86_64 aarch64' -d 'machine that runs the program: x86_64 or aarch64'
complete -c confine -n '__confine_at compile' -l backend -r -f -a 'firejail gvisor native' -d 'name of what the bundle is for: firejail, gvisor or native'
complete -c confine -n '__confine_at compile' -l backend-version -x -d 'version of the backend\'s tool'
complete -c confine -n '__confine_at compile' -l help -d 'show what it does, with examples'
complete -c confine -n '__confine_at compile' -l namespaces -d 'for launches that make namespaces of their own, as run does where it can'
complete -c confine -n '__confine_at compile' -s o -l output -r -f -a '(__fish_complete_directories (commandline -ct))' -d 'directory to write to'
complete -c confine -n '__confine_at compile' -l param -x -d 'NAME=VALUE of a parameter of the policy'
complete -c confine -n '__confine_at compile' -l params-from -r -F -d 'FILE:/json/pointer to the value of a parameter, or to an object whose members give those that --param does not'
complete -c confine -n '__confine_at compile' -l root -r -f -a '(__fish_complete_directories (commandline -ct))' -d 'directory that is the program\'s root file system'
complete -c confine -n '__confine_at compile' -l seccomp-generator -r -f -a 'libseccomp go auto' -d 'who writes the filter of system calls: libseccomp, go, or auto'
complete -c confine -n '__confine_at compile 0' -f -a '(__confine_policies)'
complete -c confine -n '__confine_at compile program' -a '(__confine_program)'

complete -c confine -n '__confine_at completion' -l help -d 'show what it does, with examples'
complete -c confine -n '__confine_at completion 0' -f -a 'bash zsh fish'

complete -c confine -n '__confine_at diff' -l deny-loosening -d 'exit with 1 if anything is loosened, or not decided'
complete -c confine -n '__confine_at diff' -l format -r -f -a 'text json markdown' -d 'form of the answer: text, json or markdown'
complete -c confine -n '__confine_at diff' -l help -d 'show what it does, with examples'
complete -c confine -n '__confine_at diff' -l param -x -d 'NAME=VALUE of a parameter of the policy'
complete -c confine -n '__confine_at diff' -l params-from -r -F -d 'FILE:/json/pointer to the value of a parameter, or to an object whose members give those that --param does not'
complete -c confine -n '__confine_at diff 0' -f -a '(__confine_policies)'
complete -c confine -n '__confine_at diff 1' -f -a '(__confine_policies)'

complete -c confine -n '__confine_at doctor' -l format -r -f -a 'text json' -d 'form of the answer: text or json'
complete -c confine -n '__confine_at doctor' -l help -d 'show what it does, with examples'

complete -c confine -n '__confine_at explain' -l format -r -f -a 'text json' -d 'form of the answer: text or json'
complete -c confine -n '__confine_at explain' -l help -d 'show what it does, with examples'
complete -c confine -n '__confine_at explain' -l param -x -d 'NAME=VALUE of a parameter of the policy'
complete -c confine -n '__confine_at explain' -l params-from -r -F -d 'FILE:/json/pointer to the value of a parameter, or to an object whose members give those that --param does not'
complete -c confine -n '__confine_at explain 0' -f -a '(__confine_policies)'

complete -c confine -n '__confine_at help 0' -f -a 'compile completion diff doctor explain lint man run schema test version'

complete -c confine -n '__confine_at lint' -l config -r -F -d 'file of settings in place of confine.toml'
complete -c confine -n '__confine_at lint' -l fail-on -r -f -a 'error warning info never' -d 'the least severity that fails: error, warning, info or never'
complete -c confine -n '__confine_at lint' -l fix -d 'take entries without effect out, where all these policies then mean exactly the same'
complete -c confine -n '__confine_at lint' -l format -r -f -a 'text json sarif github' -d 'form of the report: text, json, sarif or github'
complete -c confine -n '__confine_at lint' -l help -d 'show what it does, with examples'
complete -c confine -n '__confine_at lint' -l ignore -x -d 'no rules whose codes begin so'
complete -c confine -n '__confine_at lint' -l select -x -d 'only rules whose codes begin so'
complete -c confine -n '__confine_at lint' -f -a '(__confine_policies)'

complete -c confine -n '__confine_at man' -l help -d 'show what it does, with examples'
complete -c confine -n '__confine_at man' -s o -l output -r -f -a '(__fish_complete_directories (commandline -ct))' -d 'directory to write all pages to, as confine.1, confine-run.1 and so on'
complete -c confine -n '__confine_at man 0' -f -a 'compile completion diff doctor explain lint man run schema test version'

complete -c confine -n '__confine_at run' -l backend -r -f -a 'gvisor firejail native auto none' -d 'name of what confines: gvisor, firejail, native, auto, or none'
complete -c confine -n '__confine_at run' -l egress-log -r -F -d 'append what the program tries to reach to this file, as lines of JSON'
complete -c confine -n '__confine_at run' -l help -d 'show what it does, with examples'
complete -c confine -n '__confine_at run' -l no-namespaces -d 'make no namespaces, as where none can be made, to see what holds in a container'
complete -c confine -n '__confine_at run' -l param -x -d 'NAME=VALUE of a parameter of the policy'
complete -c confine -n '__confine_at run' -l params-from -r -F -d 'FILE:/json/pointer to the value of a parameter, or to an object whose members give those that --param does not'
complete -c confine -n '__confine_at run' -l policy -r -f -a '(__confine_policies)' -d 'policy file, or the name of one of confine\'s own'
complete -c confine -n '__confine_at run' -l quiet -d 'say nothing about a launch that was proven'
complete -c confine -n '__confine_at run' -l receipt -r -F -d 'write what was proven to this file as JSON, mode 0600'
complete -c confine -n '__confine_at run' -l root -r -f -a '(__fish_complete_directories (commandline -ct))' -d 'directory that is the program\'s root file system, such as an unpacked image'
complete -c confine -n '__confine_at run' -l user -r -f -a '(__fish_complete_users)' -d 'name or id of the user that runs the program'
complete -c confine -n '__confine_at run program' -a '(__confine_program)'

complete -c confine -n '__confine_at schema' -l help -d 'show what it does, with examples'
complete -c confine -n '__confine_at schema 0' -f -a 'policy tests'

complete -c confine -n '__confine_at test' -l backend -r -f -a 'gvisor firejail native auto' -d 'name of what confines for --live: gvisor, firejail, native or auto'
complete -c confine -n '__confine_at test' -l coverage -d 'show the entries that no case exercises'
complete -c confine -n '__confine_at test' -l fail-uncovered -d 'exit with 1 if there are any'
complete -c confine -n '__confine_at test' -l format -r -f -a 'text tap junit json' -d 'form of the results: text, tap, junit or json'
complete -c confine -n '__confine_at test' -l help -d 'show what it does, with examples'
complete -c confine -n '__confine_at test' -l live -d 'also try every access inside the real sandbox, and compare'
complete -c confine -n '__confine_at test' -l network -d 'let --live connect to the hosts that a policy allows'
complete -c confine -n '__confine_at test' -l no-namespaces -d 'let --live make no namespaces, to see what holds in a container'
complete -c confine -n '__confine_at test' -l pass-untested -d 'pass over policies that have no tests'
complete -c confine -n '__confine_at test' -l user -r -f -a '(__fish_complete_users)' -d 'name or id of the user that --live runs as'
complete -c confine -n '__confine_at test' -f -a '(__confine_policies)'

complete -c confine -n '__confine_at version' -l help -d 'show what it does, with examples'
