# shellcheck shell=sh disable=SC2016
# What package managers already know (linux.md 3): their own cached lists are read and dated, never refreshed. Each part
# ends as absent at once where its package manager does not run the machine. Sections start with "== name", and
# "rc N" is the exit code of the command above it.
#: part system -- image-based systems and package managers that this version does not know
[ -e /run/ostree-booted ] && echo 'image ostree'
have transactional-update && awk '$2 == "/" && $4 ~ /(^|,)ro(,|$)/ { found = 1 } END { exit !found }' /proc/mounts && echo 'image transactional-update'
have nixos-version && echo 'manager nix'
[ -d /var/db/pkg ] && have emerge && echo 'manager portage'
have xbps-install && echo 'manager xbps'
have swupd && echo 'manager swupd'
have slackpkg && echo 'manager slackpkg'
[ -s /var/lib/dpkg/status ] && have apt-get && echo 'manager apt'
for folder in /var/lib/rpm /usr/lib/sysimage/rpm /usr/share/rpm; do
  for file in rpmdb.sqlite Packages.db Packages; do
    [ -s "$folder/$file" ] || continue
    if have zypper && [ -d /etc/zypp ] && ! have dnf && ! have yum; then echo 'manager zypper'; else echo 'manager dnf'; fi
    break 2
  done
done
if have apk && { [ -s /lib/apk/db/installed ] || [ -s /usr/lib/apk/db/installed ]; }; then echo 'manager apk'; fi
[ -d /var/lib/pacman/local ] && have pacman && echo 'manager pacman'
[ -r /etc/system-release ] && printf 'system-release %s\n' "$(head -n 1 /etc/system-release)"
for file in /etc/dnf/vars/releasever /etc/yum/vars/releasever; do
  [ -r "$file" ] && printf 'releasever %s\n' "$(head -n 1 "$file")"
done
true
#: part apt limit=60 size=1000000 -- missing updates by simulation, held packages, sources and the dates of their lists
[ -s /var/lib/dpkg/status ] || absent
have apt-get || absent
renice -n 10 -p $$ >/dev/null 2>&1
have ionice && ionice -c 3 -p $$ 2>/dev/null
set -f
# Without a cache file apt neither writes one nor uses one that is out of date; its planner would write a log. What it
# takes out of a signed list it puts into a file that is gone at once: in memory where there is room, not on the disk.
apt() { tool=$1; shift; TMPDIR=/dev/shm "$tool" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o Dir::Log::Planner=/dev/null "$@" 2>&1; }
echo '== targets'
# Every source that is set up, whether its list was fetched or not.
fields='target $(RELEASE)|$(COMPONENT)/binary-$(ARCHITECTURE)/Packages|$(FILENAME)'
targets=$(apt apt-get indextargets --no-release-info --format "$fields" 'Created-By: Packages')
code=$?
printf '%s\n' "$targets" | while IFS= read -r line; do
  file=${line##*|}
  there=absent
  for name in "$file" "$file.lz4" "$file.xz" "$file.gz" "$file.zst" "$file.bz2"; do [ -s "$name" ] && there=present; done
  printf '%s|%s\n' "$line" "$there"
done
echo "rc $code"
echo '== releases'
for file in $(set +f; ls -d /var/lib/apt/lists/*Release 2>/dev/null); do
  [ -r "$file" ] || continue
  printf 'release %s\n' "$file"
  # An empty list is not kept on disk; only its release file says that it is empty.
  awk '/^(Origin|Label|Suite|Codename|Date|Valid-Until):/ { print } /^ / && $2 == 0 && $3 ~ /^[^\/]*\/binary-[^\/]*\/Packages$/ && !told[$3]++ { print "Empty: " $3 }' "$file"
done
for stamp in /var/lib/apt/periodic/update-success-stamp /var/lib/apt/periodic/update-stamp; do
  [ -e "$stamp" ] && printf 'stamp %s %s\n' "${stamp##*/}" "$(stat -c %Y "$stamp")"
done
echo '== simulate'
plan=$(apt apt-get -s -o Debug::NoLocking=true -o APT::Get::Show-User-Simulation-Note=false dist-upgrade)
code=$?
# Names below a heading are needed only where packages are kept back or deferred.
printf '%s\n' "$plan" | awk '/^Conf / { next } /^ / { if (on) print; next } { on = /(kept back|phasing):$/; print }'
echo "rc $code"
echo '== held'
held=$(apt apt-mark showhold)
code=$?
printf '%s\n' "$held"
echo "rc $code"
echo '== pins'
# A pin hides an update: a package's own version stays, or a source's packages are never offered.
pins=$(apt apt-cache policy)
code=$?
pins=$(printf '%s\n' "$pins" | awk '
  /^Pinned packages:/ { on = 1; next }
  on && $2 == "->" { if (!told[$1]++) print "pinned " $1; next }
  !on && /^ *-?[0-9]+ / { priority = $1 }
  !on && /^ +release / && priority < 100 { sub(/^ +release /, ""); print "low " priority " " $0 }
')
printf '%s\n' "$pins" | head -n 400
echo "rc $code"
echo '== policy'
names=$(
  printf '%s\n' "$pins" | sed -n 's/^pinned //p' | head -n 400
  printf '%s\n' "$plan" | sed -n 's/^Inst \([^ ]*\) .*/\1/p'
  printf '%s\n' "$plan" | awk '/kept back:$/ { on = 1; next } /^ / { if (on) print; next } { on = 0 }'
  printf '%s\n' "$held"
)
# shellcheck disable=SC2086
names=$(printf '%s\n' $names | sort -u)
# shellcheck disable=SC2086
policy=$([ -z "$names" ] || apt apt-cache policy $names)
code=$?
# What stands from the installed version down is not needed: a fix is always above it.
printf '%s\n' "$policy" | sed 's|://[^]"[:space:]<>]*|://-|g' | awk '/^[^ ].*:$/ { below = 0 } !below { print } /^ \*\*\* / { below = 1 }'
echo "rc $code"
echo '== withheld'
if [ -r /var/lib/update-notifier/updates-available ]; then cat /var/lib/update-notifier/updates-available; fi
if [ -r /var/lib/ubuntu-advantage/status.json ]; then
  grep -o '"attached": *[a-z]*' /var/lib/ubuntu-advantage/status.json | head -n 1
fi
true
#: part dpkg limit=20 -- dates of package changes from dpkg's log, and packages left half installed
[ -s /var/lib/dpkg/status ] || absent
have dpkg-query || absent
logs=$(ls -1 /var/log/dpkg.log /var/log/dpkg.log.*[0-9] /var/log/dpkg.log.*.gz 2>/dev/null)
[ -n "$logs" ] && echo "logs $(printf '%s\n' "$logs" | wc -l)"
printf 'zone %s\n' "$(unset TZ; date +%z)"
for log in $logs; do
  case $log in
    *.gz) gzip -dc "$log" 2>/dev/null ;;
    *) cat "$log" 2>/dev/null ;;
  esac
done | awk '
  $3 == "upgrade" && $1 " " $2 > last { last = $1 " " $2; line = $0 }
  $3 == "install" && $4 ~ /^base-files/ && $5 == "<none>" { base = $0 }
  END { if (line) print "upgraded " line; if (base) print "born " base }'
# Runs of apt that upgraded everything there was, not those that pulled in one package. The command line itself stays
# there: it may name a proxy with its password.
for log in /var/log/apt/history.log /var/log/apt/history.log.1 /var/log/apt/history.log.*.gz; do
  [ -r "$log" ] || continue
  case $log in
    *.gz) gzip -dc "$log" 2>/dev/null ;;
    *) cat "$log" ;;
  esac
done | awk '
  /^Start-Date: / { start = $2 " " $3; full = 0; upgraded = 0; failed = 0 }
  /^Commandline: .*(apt|apt-get|aptitude)( .*)? (dist-upgrade|full-upgrade|safe-upgrade|upgrade)( |$)/ { full = 1 }
  /^Commandline: .*(unattended-upgrade|packagekit role=.update-packages)/ { full = 1 }
  /^Commandline: .* (install|reinstall|build-dep|remove|purge|autoremove)( |$)/ { full = 0 }
  # apt-get upgrade leaves what needs a new package, as each new kernel does.
  /^Commandline: ([^ ]*\/)?apt-get( .*)? upgrade( |$)/ && !/--with-new-pkgs/ && full { full = "plain" }
  /^Upgrade: / { upgraded = 1 }
  /^Error: / { failed = 1 }
  /^End-Date: / && full && upgraded && !failed { print (full == "plain" ? "plain" : "full") "-upgrade " start }' | sort | tail -n 10
dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' 2>/dev/null | grep -E '^.(U|F|H|W|t|.R|..R)' | head -n 20 | sed 's/^/broken /'
true
#: part dnf-updates limit=60 size=400000 root=yes -- all newer packages that the cached lists of dnf or yum hold
tool=''
for folder in /var/lib/rpm /usr/lib/sysimage/rpm /usr/share/rpm; do
  for file in rpmdb.sqlite Packages.db Packages; do [ -s "$folder/$file" ] && tool=rpm; done
done
[ -n "$tool" ] || absent
[ ! -e /run/ostree-booted ] || absent
if have dnf; then
  case $(readlink -f "$(command -v dnf)") in *dnf5) tool=dnf5 ;; *) tool=dnf ;; esac
elif have dnf5; then tool=dnf5
elif have yum; then tool=yum
else absent; fi
renice -n 10 -p $$ >/dev/null 2>&1
have ionice && ionice -c 3 -p $$ 2>/dev/null
# An address may hold a password or a token anywhere in it, so addresses stay there.
run() {
  said=$(as_root "$@" 2>&1)
  code=$?
  [ "$code" = 77 ] && denied
  printf '%s\n' "$said" | sed 's|://[^]"[:space:]<>]*|://-|g'
  echo "rc $code"
}
echo "tool $tool"
echo '== updates'
# What is excluded or locked is asked for all the same: a package held back is a package that misses its fixes.
updates=$(case $tool in
  dnf) run dnf -q -C --disableexcludes=all --disableplugin=versionlock repoquery --upgrades --qf 'U|%{name}|%{evr}|%{arch}|%{repoid}' ;;
  dnf5) run dnf5 -q -C --setopt=disable_excludes=* --setopt=plugins=0 repoquery --upgrades --qf 'U|%{name}|%{evr}|%{arch}|%{repoid}\n' ;;
  yum) run yum -q -C --disableexcludes=all --disableplugin=versionlock check-update ;;
esac) || exit $?
printf '%s\n' "$updates"
echo '== installed'
names=$(printf '%s\n' "$updates" | awk -F '|' '
  $1 == "U" { print $2; next }
  NF == 1 && /^[A-Za-z0-9]/ { split($0, word, " "); if (sub(/\.[a-z0-9_]+$/, "", word[1])) print word[1] }')
# shellcheck disable=SC2086
[ -z "$names" ] || rpm -q --qf 'installed %{NAME} %{VERSION}-%{RELEASE}\n' $names 2>/dev/null | grep '^installed '
echo '== repositories'
# Which sources bring advisories at all: "NAME-HASH" folders of the cache.
for file in /var/cache/dnf/*/repodata/*updateinfo* /var/cache/libdnf5/*/repodata/*updateinfo* /var/cache/yum/*/*/*/*updateinfo*; do
  [ -e "$file" ] || continue
  folder=${file%/*}
  folder=${folder%/repodata}
  printf 'updateinfo %s\n' "${folder##*/}"
done
case $tool in
  dnf) run dnf -C repolist -v ;;
  dnf5) run dnf5 -q -C repo info --json ;;
  yum) run yum -C repolist -v ;;
esac
true
#: part dnf-advisories limit=60 size=600000 root=yes -- security advisories that apply, with their dates, and those already met
tool=''
for folder in /var/lib/rpm /usr/lib/sysimage/rpm /usr/share/rpm; do
  for file in rpmdb.sqlite Packages.db Packages; do [ -s "$folder/$file" ] && tool=rpm; done
done
[ -n "$tool" ] || absent
[ ! -e /run/ostree-booted ] || absent
if have dnf; then
  case $(readlink -f "$(command -v dnf)") in *dnf5) tool=dnf5 ;; *) tool=dnf ;; esac
elif have dnf5; then tool=dnf5
elif have yum; then tool=yum
else absent; fi
renice -n 10 -p $$ >/dev/null 2>&1
have ionice && ionice -c 3 -p $$ 2>/dev/null
# An address may hold a password or a token anywhere in it, so addresses stay there.
run() {
  said=$(as_root "$@" 2>&1)
  code=$?
  [ "$code" = 77 ] && denied
  printf '%s\n' "$said" | sed 's|://[^]"[:space:]<>]*|://-|g'
  echo "rc $code"
}
echo "tool $tool"
echo '== security'
case $tool in
  dnf) run dnf -q -C --disableexcludes=all --disableplugin=versionlock updateinfo list --security ;;
  dnf5) run dnf5 -q -C --setopt=disable_excludes=* --setopt=plugins=0 advisory list --security --json ;;
  yum) run yum -q -C --disableexcludes=all --disableplugin=versionlock updateinfo list security ;;
esac
echo '== dates'
case $tool in
  dnf) run dnf -q -C --disableexcludes=all --disableplugin=versionlock updateinfo info --security | grep -E '^ *(Update ID|Updated|rc)[ :]' ;;
  yum) run yum -q -C --disableexcludes=all --disableplugin=versionlock updateinfo info security | grep -E '^ *(Update ID|Issued|rc)[ :]' ;;
esac
echo '== met'
# Of the advisories already met only their number is sent: none at all means that the sources carry none.
case $tool in
  dnf) run dnf -q -C updateinfo list --installed ;;
  dnf5) run dnf5 -q -C advisory list --installed ;;
  yum) run yum -q -C updateinfo list installed ;;
esac | awk '$1 == "rc" { print; next } NF >= 3 && /Sec\.|bugfix|enhancement|newpackage|security/ { all++ } END { print "advisories " all + 0 }'
echo '== history'
# Runs that upgraded everything, not those that pulled in one package; of the command line only that fact is sent.
case $tool in
  # Asked for its history, dnf makes the file where there is none.
  dnf) [ ! -e /var/lib/dnf/history.sqlite ] || run dnf -q -C history list ;;
  dnf5) [ ! -e /usr/lib/sysimage/libdnf5/transaction_history.sqlite ] || run dnf5 -q -C history list ;;
esac | sed -n 's/^ *[0-9][0-9]*  *|\{0,1\} *\(.*[^ |]\)[ |]*\([0-9]\{4\}-[0-9][0-9]-[0-9][0-9] [0-9:]*\).*/\2 \1/p' |
  grep -vE ' (-x|--(exclude|excludepkgs|setopt|advisory|advisories|bz|bzs|cve|cves|bugfix|enhancement|newpackage|sec-severity|secseverity|advisory-severities|disablerepo|repo|repoid|from-repo|downloadonly))([ =]|$)' |
  awk '$NF ~ /^(upgrade|update|distro-sync)$/ || /dnf-automatic|dnf5-automatic/ { print "full-upgrade " $1 " " $2 }
    { for (i = NF; i > 3 && $i ~ /^-/; i--) { if ($(i - 1) ~ /^(upgrade|update|distro-sync)$/) print "full-upgrade " $1 " " $2 } }' |
  head -n 5
true
#: part rpm limit=30 size=200000 -- install times of the newest packages, locks and exclusions
have rpm || absent
[ -z "$(rpm -qa --qf x 2>/dev/null | head -c 1)" ] && absent
rpm -qa --qf 'package %{INSTALLTIME} %{NAME} %{VERSION}-%{RELEASE} %{ARCH}\n' | grep -v ' gpg-pubkey ' | sort -k 2,2rn | head -n 60
echo "count $(rpm -qa --qf 'x\n' | wc -l)"
for file in /etc/dnf/dnf.conf /etc/yum.conf /etc/yum.repos.d/*.repo; do
  [ -r "$file" ] && sed -n 's/^[[:space:]]*\(exclude\|excludepkgs\)[[:space:]]*=[[:space:]]*/exclude /p' "$file"
done
for file in /etc/dnf/plugins/versionlock.list /etc/yum/pluginconf.d/versionlock.list; do
  [ -r "$file" ] && sed -n 's/^[[:space:]]*\([^#[:space:]].*\)/lock \1/p' "$file"
done
if [ -r /etc/dnf/versionlock.toml ]; then sed -n 's/^[[:space:]]*name[[:space:]]*=[[:space:]]*"\(.*\)".*/lock \1-*/p' /etc/dnf/versionlock.toml; fi
[ -r /etc/zypp/locks ] && sed -n 's/^solvable_name:[[:space:]]*/lock /p' /etc/zypp/locks
true
#: part zypper limit=60 size=800000 root=yes -- patches and updates from zypper's cached lists, with the age of each source
have zypper || absent
[ -d /etc/zypp ] || absent
found=''
for folder in /var/lib/rpm /usr/lib/sysimage/rpm; do
  for file in rpmdb.sqlite Packages.db Packages; do [ -s "$folder/$file" ] && found=yes; done
done
[ -n "$found" ] || absent
renice -n 10 -p $$ >/dev/null 2>&1
have ionice && ionice -c 3 -p $$ 2>/dev/null
export ZYPP_LOCK_TIMEOUT=5 ZYPP_LOGFILE=/dev/null
# An address may hold a password or a token anywhere in it, so addresses stay there.
run() {
  said=$(as_root "$@" 2>&1)
  code=$?
  [ "$code" = 77 ] && denied
  printf '%s\n' "$said" | sed 's|://[^]"[:space:]<>]*|://-|g'
  echo "rc $code"
}
echo '== sources'
for file in /etc/zypp/repos.d/*.repo; do
  [ -r "$file" ] || continue
  # Addresses may hold a password, so only names and switches are read.
  sed -n -e 's/^\[\(.*\)\].*/source \1/p' -e 's/^enabled *= */enabled /p' "$file"
done
for folder in /var/cache/zypp/raw/*/; do
  name=${folder%/}
  for file in "$folder/cookie" "$folder/repodata/repomd.xml"; do
    [ -e "$file" ] && printf 'fetched %s %s\n' "$(stat -c %Y "$file")" "${name##*/}"
  done
  for file in "$folder"repodata/*updateinfo*; do
    [ -e "$file" ] && printf 'updateinfo %s\n' "${name##*/}"
  done
done
# Even with --no-refresh zypper fetches a source that it has no list of; then it is not asked at all.
unread=$(
  for file in /etc/zypp/repos.d/*.repo; do
    [ -r "$file" ] || continue
    awk '
      function finish() { if (id != "" && !off) print id; id = ""; off = 0 }
      /^\[.*\]/ { finish(); id = substr($0, 2, index($0, "]") - 2) }
      tolower($0) ~ /^[ \t]*enabled[ \t]*=[ \t]*(0|no|false|off)/ { off = 1 }
      END { finish() }
    ' "$file"
  done | while IFS= read -r name; do
    raw=/var/cache/zypp/raw/$name there=no
    for file in "$raw/repodata/repomd.xml" "$raw/cookie" "$raw/content"; do [ -e "$file" ] && there=yes; done
    if [ "$there" = no ] || [ ! -s "/var/cache/zypp/solv/$name/solv" ]; then printf 'unread %s\n' "$name"; fi
  done
)
if [ -n "$unread" ]; then printf '%s\n' "$unread" | head -n 20; exit 0; fi
echo '== patches'
run zypper --no-refresh --non-interactive --xmlout list-patches
echo '== updates'
run zypper --no-refresh --non-interactive --xmlout list-updates
echo '== history'
if [ -r /var/log/zypp/history ]; then
  # Of a command only the fact that it updates everything: its arguments may hold an address with a password.
  awk -F '|' '
    $2 == "install" { print $1 "|install|" $3 }
    $2 ~ /^patch *$/ { print $1 "|patch|" $3 "|" $8 "|" $10 }
    $2 == "command" && /\047(patch|up|update|dup|dist-upgrade)\047/ { print $1 "|full" }
  ' /var/log/zypp/history | tail -n 200
  printf 'zone %s\n' "$(unset TZ; date +%z)"
fi
true
#: part apk limit=30 -- newer packages that apk's kept index holds, and the index's age
have apk || absent
[ -s /lib/apk/db/installed ] || [ -s /usr/lib/apk/db/installed ] || absent
echo '== sources'
sed -e 's|://[^]"[:space:]<>]*|://-|g' -e 's/^/source /' /etc/apk/repositories /etc/apk/repositories.d/*.list 2>/dev/null
for file in /var/cache/apk/APKINDEX.*.tar.gz /etc/apk/cache/APKINDEX.*.tar.gz /var/lib/apk/APKINDEX.*.tar.gz; do
  [ -e "$file" ] && printf 'index %s %s\n' "$(stat -c %Y "$file")" "${file##*/}"
done
for file in /lib/apk/db/installed /usr/lib/apk/db/installed; do
  [ -e "$file" ] && printf 'installed %s\n' "$(stat -c %Y "$file")"
done
echo '== updates'
apk --no-network version -l '<' 2>&1
echo "rc $?"
echo '== pins'
grep '[=<~@]' /etc/apk/world 2>/dev/null
true
#: part pacman limit=30 -- newer packages by pacman's last synchronised lists, and the last full upgrade
have pacman || absent
[ -d /var/lib/pacman/local ] || absent
echo '== sources'
sed -n 's/^[[:space:]]*\[\(.*\)\].*/source \1/p' /etc/pacman.conf 2>/dev/null
sed -n 's/^[[:space:]]*Ignore\(Pkg\|Group\)[[:space:]]*=[[:space:]]*/ignored /p' /etc/pacman.conf 2>/dev/null
for file in /var/lib/pacman/sync/*.db; do
  [ -e "$file" ] && printf 'fetched %s %s\n' "$(stat -c %Y "$file")" "${file##*/}"
done
echo '== updates'
pacman -Qu --color never 2>&1
echo "rc $?"
echo '== history'
if [ -r /var/log/pacman.log ]; then
  grep 'starting full system upgrade' /var/log/pacman.log | tail -n 1
  grep -E '\[ALPM\] (upgraded|installed) ' /var/log/pacman.log | tail -n 1
  grep -E '\[ALPM\] upgraded ' /var/log/pacman.log | tail -n 1
  grep -E 'transaction completed' /var/log/pacman.log | tail -n 1
  printf 'zone %s\n' "$(unset TZ; date +%z)"
fi
true
#: part automatic limit=20 -- whether updates are installed without anybody: timers, services and their settings
if [ -d /run/systemd/system ] && have systemctl; then
  echo 'init systemd'
  for unit in apt-daily.timer apt-daily-upgrade.timer dnf-automatic.timer dnf-automatic-install.timer dnf-automatic-download.timer \
    dnf-automatic-notifyonly.timer dnf5-automatic.timer yum-cron.service transactional-update.timer os-update.timer rpm-ostreed-automatic.timer; do
    state=$(systemctl is-enabled "$unit" 2>/dev/null)
    [ -n "$state" ] && [ "$state" != not-found ] && printf 'unit %s %s %s\n' "$unit" "$state" "$(systemctl is-active "$unit" 2>/dev/null)"
  done
fi
for file in /run/crond.pid /run/cron.pid /var/run/crond.pid; do [ -e "$file" ] && echo 'cron running'; done
[ -x /etc/cron.daily/apt-compat ] && echo 'cron-file apt-compat'
[ -x /etc/cron.daily/0yum-daily.cron ] && echo 'cron-file yum-cron'
for when in daily weekly monthly; do [ -e "/etc/cron.$when/opensuse.org-online_update" ] && echo 'cron-file online_update'; done
if have apt-config; then
  apt-config dump 2>/dev/null | grep -E '^(APT::Periodic|Unattended-Upgrade::(Origins-Pattern|Allowed-Origins|Package-Blacklist))' |
    sed 's/^/apt /'
fi
if have dpkg-query; then
  dpkg-query -W -f 'package ${db:Status-Abbrev} ${Package}\n' unattended-upgrades 2>/dev/null
  [ -e /var/lib/apt/periodic/unattended-upgrades-stamp ] && printf 'ran %s\n' "$(stat -c %Y /var/lib/apt/periodic/unattended-upgrades-stamp)"
fi
for file in /usr/share/dnf5/dnf5-plugins/automatic.conf /etc/dnf/dnf5-plugins/automatic.conf /etc/dnf/automatic.conf /etc/yum/yum-cron.conf; do
  [ -r "$file" ] && sed -n "s|^[[:space:]]*\(apply_updates\|download_updates\|upgrade_type\|update_cmd\)[[:space:]]*=[[:space:]]*|setting ${file##*/} \1 |p" "$file"
done
[ -r /etc/sysconfig/automatic_online_update ] && sed -n 's/^\(AOU_[A-Z_]*\)=/setting automatic_online_update \1 /p' /etc/sysconfig/automatic_online_update
true
#: part reboot limit=30 -- signs that a restart is waiting: marker files, tools, running kernel against installed ones
field() { printf '%s %s\n' "$1" "$2"; }
field running "$(uname -r)"
field build "$(uname -v)"
for file in /run/reboot-required /var/run/reboot-required /run/reboot-needed /var/run/reboot-needed; do
  [ -e "$file" ] && field marker "$(stat -c %Y "$file") $file"
done
if [ -r /run/reboot-required.pkgs ]; then sed 's/^/marker-package /' /run/reboot-required.pkgs | head -n 20; fi
have dpkg-query && [ -s /var/lib/dpkg/status ] &&
  dpkg-query -W -f 'deb ${db:Status-Abbrev} ${Package} ${Version}\n' 'linux-image-[0-9]*' 'linux-image-unsigned-[0-9]*' 2>/dev/null |
  while read -r kind status package version; do
    list=/var/lib/dpkg/info/$package.list
    case $status in ii* | hi*) [ -e "$list" ] && field "$kind" "$(stat -c %Y "$list") $package $version" ;; esac
  done
if have rpm; then
  rpm -q --qf 'rpm %{INSTALLTIME} %{NAME} %{VERSION}-%{RELEASE}.%{ARCH}\n' kernel kernel-core kernel-rt-core kernel-uek kernel-uek-core kernel-default \
    kernel-lt kernel-ml 2>/dev/null | grep '^rpm '
fi
for folder in /lib/modules/*/; do
  name=${folder%/}
  # A folder without the list of modules is a leftover of a removed kernel.
  [ -e "$folder/modules.dep" ] || [ -e "$folder/modules.builtin" ] || continue
  field modules "$(stat -c %Y "$folder" 2>/dev/null) ${name##*/}"
done
for image in /boot/vmlinuz-*; do [ -e "$image" ] && field image "${image#/boot/vmlinuz-}"; done
for patch in /sys/kernel/livepatch/*/enabled; do [ -r "$patch" ] && field livepatch "$(cat "$patch") $patch"; done
if have needrestart; then as_root needrestart -b -k 2>/dev/null | grep '^NEEDRESTART-K'; fi
# Run by an ordinary user, dnf's tool makes a cache folder of that user.
if have needs-restarting && [ ! -s /var/lib/dpkg/status ]; then as_root needs-restarting -r 2>&1 | sed 's/^/needs-restarting /'; fi
if have zypper && [ -d /etc/zypp ] && [ ! -s /var/lib/dpkg/status ]; then
  zypper --no-refresh --non-interactive needs-rebooting >/dev/null 2>&1
  field zypper-needs-rebooting "$?"
fi
true
