# Shows a message to whoever sits here. The variables n (this contact's mark), t and b (title and text, as octal digits) and
# g (seconds) stand before this; the text reaches the dialog as an argument and is never read by a shell.
PATH=/usr/bin:/bin:/usr/sbin:/sbin
export PATH

say() {
    printf '\n%s <outcome\n%s\n%s >0\n\n%s .\n' "$n" "$1" "$n" "$n"
    exit 0
}

t=$(printf '%b' "$t")
b=$(printf '%b' "$b")

# As the user at the screen: as oneself, as root, or by sudo's leave.
case $(uname -s) in
Darwin)
    set -- $(stat -f '%Su %u' /dev/console)
    o=$1
    u=$2
    case $o in '' | root | loginwindow | _*) say nobody ;; esac
    case $(ioreg -n Root -d1 -a | tr -d ' \n\t') in
    *'<key>CGSSessionScreenIsLocked</key><true/>'*) say locked ;;
    esac
    case $(id -u) in
    "$u") set -- ;;
    0) set -- launchctl asuser "$u" sudo -u "$o" ;;
    *) set -- sudo -n launchctl asuser "$u" sudo -n -u "$o" ;;
    esac
    a=$("$@" osascript \
        -e 'on run a' \
        -e 'set r to display dialog (item 3 of a) with title (item 2 of a) buttons {"OK"} default button 1 with icon caution giving up after ((item 4 of a) as integer)' \
        -e 'if gave up of r then return "unseen"' \
        -e 'return "acknowledged"' \
        -e 'end run' \
        message "$t" "$b" "$g" </dev/null 2>/dev/null) || say failed
    say "$a"
    ;;
Linux)
    for i in $(loginctl list-sessions --no-legend 2>/dev/null | while read -r i rest; do echo "$i"; done); do
        f=$(loginctl show-session "$i" -p Name -p User -p Type -p Class -p Active -p Remote -p LockedHint)
        case $f in *Class=user*) ;; *) continue ;; esac
        case $f in *Active=yes*) ;; *) continue ;; esac
        case $f in *Remote=yes*) continue ;; esac
        case $f in *LockedHint=yes*) say locked ;; esac
        u=$(printf '%s\n' "$f" | sed -n 's/^User=\([0-9]*\)$/\1/p')
        o=$(printf '%s\n' "$f" | sed -n 's/^Name=\([A-Za-z0-9._-]*\)$/\1/p')
        case $f in
        *Type=x11* | *Type=wayland*) ;;
        *)
            printf '%s\n\n%s\n' "$t" "$b" | wall && say shown
            say failed
            ;;
        esac
        case $(id -u) in
        "$u") set -- env ;;
        0) set -- runuser -u "$o" -- env ;;
        *) set -- sudo -n -u "$o" env ;;
        esac
        set -- "$@" "DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/$u/bus"
        a=$("$@" timeout "$g" notify-send --app-name=Vigie --urgency=critical --wait --action=ok=OK -- "$t" "$b" </dev/null 2>/dev/null)
        case $?:$a in
        *:ok*) say acknowledged ;;
        0:* | 124:*) say unseen ;;
        esac
        # An older notify-send cannot wait for an answer.
        "$@" notify-send --app-name=Vigie --urgency=critical -- "$t" "$b" </dev/null >/dev/null 2>&1 && say shown
        say failed
    done
    say nobody
    ;;
esac
say failed
