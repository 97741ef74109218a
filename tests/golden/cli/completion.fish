# Completion of pocketmq for fish.
# For this shell:     pocketmq completion fish | source
# For every shell:    pocketmq completion fish > ~/.config/fish/completions/pocketmq.fish

# Sets what may come behind the words $argv[1].
function __pocketmq_at
    set -g __pmq_verbs
    set -g __pmq_flags
    set -g __pmq_words
    switch "$argv[1]"
        case ''
            set __pmq_verbs topic help
            set __pmq_flags --master -c=file --help
        case 'help'
            set __pmq_verbs topic
        case 'topic'
            set __pmq_verbs list kv
            set __pmq_flags --help
        case 'topic list'
            set __pmq_flags --json --help
        case 'topic kv'
            set __pmq_verbs put
            set __pmq_flags --help
        case 'topic kv put'
            set __pmq_flags --broker=broker -b=broker --as=@tree,table --max=any --help
            set __pmq_words topic @R,W any
    end
end

# Offers what is of a kind; the arguments are the kind, the program and the name servers on the line.
function __pocketmq_offer
    switch $argv[1]
        case '@*'
            string split , -- (string sub -s 2 -- $argv[1])
        case file
            __fish_complete_path (commandline -ct)
        case folder
            __fish_complete_directories (commandline -ct)
        case topic group broker
            $argv[2] completion names $argv[1] --namesrvAddr=$argv[3] 2>/dev/null </dev/null
    end
end

# Prints the kind of value that a flag takes; fails when it takes none.
function __pocketmq_takes
    for each in $__pmq_flags
        if string match -q -- "$argv[1]=*" $each
            string replace -- "$argv[1]=" '' $each
            return 0
        end
    end
    return 1
end

function __pocketmq
    set -l typed (commandline -opc)
    set -l cur (commandline -ct)
    set -l program $typed[1]
    set -l servers "$NAMESRV_ADDR"
    set -l flag
    set -l at
    set -l seen 0
    __pocketmq_at ''
    for each in $typed[2..-1]
        if test -n "$flag"
            contains -- $flag -n --namesrvAddr; and set servers $each
            set flag
        else if string match -q -- '--namesrvAddr=*' $each
            set servers (string replace -- --namesrvAddr= '' $each)
        else if string match -q -- '-*' $each
            __pocketmq_takes $each >/dev/null; and set flag $each
        else if contains -- $each $__pmq_verbs
            set at $at $each
            __pocketmq_at "$at"
        else
            set seen (math $seen + 1)
        end
    end
    set servers (string trim -c \'\" -- "$servers")
    set -l next $__pmq_words[(math $seen + 1)]
    if test -n "$flag"
        __pocketmq_offer (__pocketmq_takes $flag) $program "$servers"
    else if string match -q -- '--*=*' $cur
        set -l parts (string split -m 1 = -- $cur)
        set -l kind (__pocketmq_takes $parts[1])
        and string replace -r -- '^' "$parts[1]=" (__pocketmq_offer $kind $program "$servers")
    else if string match -q -- '-*' $cur
        string replace -r -- '=.*' '' $__pmq_flags
    else if test -n "$__pmq_verbs"
        string join \n -- $__pmq_verbs
    else if test -n "$next"
        __pocketmq_offer $next $program "$servers"
    else
        string replace -r -- '=.*' '' $__pmq_flags
    end
end

complete -c pocketmq -f -a '(__pocketmq)'
