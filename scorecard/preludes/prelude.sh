# shellcheck shell=sh
# scorecard: a read-only look at this machine. It changes nothing, installs nothing, writes no file and uses no network.
# Each part below is a piece of POSIX sh that is run in a shell of its own, with a time limit and a size cap.
export LC_ALL=C LANG=C LANGUAGE='' TZ=UTC
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin${PATH:+:$PATH}
export PATH
umask 077

# What every part can call.
# shellcheck disable=SC2016 # it is code for the shell that runs a part
library='
# Exit codes that mean something to the reader: 127 there is no such thing here, 77 our rights do not reach it.
absent() { exit 127; }
denied() { exit 77; }
have() { command -v "$1" >/dev/null 2>&1; }
# Runs a command as root where we are root or sudo allows exactly this command without asking; else the part is denied.
as_root() {
  if [ "$SCORECARD_RIGHTS" = root ]; then "$@"; return; fi
  if [ "$SCORECARD_RIGHTS" = sudo ] || { have sudo && sudo -n -l "$@" >/dev/null 2>&1; }; then sudo -n "$@"; return; fi
  return 77
}
'

rights() {
  if [ "$(id -u)" = 0 ]; then echo root
  elif command -v sudo >/dev/null 2>&1 && sudo -n true >/dev/null 2>&1; then echo sudo
  else echo user; fi
}

now_ms() {
  if [ -r /proc/uptime ] && read -r up _ </proc/uptime; then
    case $up in
      *.??) whole=${up%.*}; part=${up#*.}; echo $((whole * 1000 + ${part#0} * 10)) ;;
      *) echo 0 ;;
    esac
  else
    echo "$(date +%s)000"
  fi
}

# family PID: the process and all below it, for systems that have neither timeout nor perl.
family() {
  { ps -A -o pid= -o ppid= 2>/dev/null || ps -o pid,ppid; } | awk -v top="$1" '
    { above[$1] = $2 }
    END {
      for (one in above) {
        up = one
        for (steps = 0; up in above && steps < 64; steps++) {
          if (up == top) { print one; break }
          up = above[up]
        }
      }
    }'
}

# Stops them all first, until no new one turns up: one that is just being born would escape and hold our output open.
end_family() {
  before=none
  while members=$(family "$1") && [ "$members" != "$before" ]; do
    before=$members
    # shellcheck disable=SC2086 # one process number a word
    kill -STOP $members
  done
  # shellcheck disable=SC2086
  kill -KILL $members
}

# limited SECONDS CODE: runs CODE in a new sh that is stopped, with its children, at the limit (code 124).
limited() {
  case $limiter in
    timeout)
      timeout -k 2 "$1" sh -c "$library$2" &
      group=$!
      wait "$group"; code=$?
      # Timeout leads a group of its own; what the part left behind in it would hold our output open.
      kill -s KILL -- "-$group" 2>/dev/null
      return "$code" ;;
    perl)
      perl -e '
        my ($limit, @command) = @ARGV;
        my $child = fork;
        if (!$child) { setpgrp; exec @command; exit 127 }
        $SIG{ALRM} = sub { kill "TERM", -$child; sleep 1; kill "KILL", -$child; exit 124 };
        alarm $limit; waitpid $child, 0; my $ended = $?;
        kill "KILL", -$child; # what it left behind would hold our output open
        exit(($ended & 127) ? 128 + ($ended & 127) : $ended >> 8);
      ' "$1" sh -c "$library$2" ;;
    *)
      sh -c "$library$2" &
      child=$!
      # Once it has begun it goes through to the end: the first to die wakes us, and the others are still to be ended.
      (sleep "$1"; trap '' TERM; end_family "$child") >/dev/null 2>&1 3>&- 4>&- &
      watchdog=$!
      wait "$child"; code=$?
      kill "$watchdog" 2>/dev/null
      [ "$code" = 137 ] && code=124
      return "$code" ;;
  esac
}

# part ID SECONDS BYTES CODE: one framed answer. The payload passes a size cap and gets a bar before each line, so that
# no payload can look like a frame; NUL bytes are dropped. The cap lets two bytes more through, so that what was cut can
# be told from what just fits, with or without a last line feed.
# shellcheck disable=SC2154 # the marker is set by the line that is added to this prelude
part() {
  started=$(now_ms)
  printf '%s begin %s\n' "$marker" "$1"
  {
    ended=$({
      { limited "$2" "$4" 3>&- 4>&-; echo "code $?" >&3; } |
        tr -d '\000' | head -c $(($3 + 2)) |
        { awk -v cap="$3" '{ seen += length($0) + 1; print "|" $0 } END { exit seen > cap + 1 }'; echo "cut $?" >&3; } >&4
    } 3>&1)
  } 4>&1
  code=1 extent=whole
  for word in $ended; do
    case $previous in code) code=$word ;; cut) [ "$word" = 0 ] || extent='cut' ;; esac
    previous=$word
  done
  printf '%s end %s %s %s %s\n' "$marker" "$1" "$code" $(($(now_ms) - started)) "$extent"
  parts=$((parts + 1))
}

prepare() {
  echo # what the login shell printed may lack its line feed, and a frame begins on a line of its own
  previous='' parts=0
  limiter=none
  if command -v perl >/dev/null 2>&1; then limiter=perl; fi
  # Only a timeout that knows -k is used, and busybox's not: it stops the shell alone, and what that started holds our
  # output open as long as it likes.
  case $(timeout --help 2>&1) in
    *BusyBox*) ;;
    *) if timeout -k 1 5 true >/dev/null 2>&1; then limiter=timeout; fi ;;
  esac
  SCORECARD_RIGHTS=$(rights)
  export SCORECARD_RIGHTS
}
