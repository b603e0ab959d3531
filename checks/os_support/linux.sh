# shellcheck shell=sh
# Which release this is by its own second witness, and signs of a support contract that runs beyond the free end.
# Sources: linux.md 0 and 4; the files of Ubuntu's Pro client.

#: part release limit=5 size=8000 -- the release files beside os-release
first_line() { [ -r "$1" ] && { IFS= read -r line <"$1" || [ -n "$line" ]; } && printf '%s' "$line"; }
field() { printf '%s=%s\n' "$1" "$2"; }
for file in /etc/os-release /usr/lib/os-release; do
  [ -r "$file" ] || continue
  grep -E '^(NAME|VERSION)=' "$file" | head -n 4
  break
done
for file in debian_version redhat-release alpine-release; do
  [ -r "/etc/$file" ] && field "$file" "$(first_line "/etc/$file")"
done
[ -r /etc/lsb-release ] && field lsb-release "$(sed -n 's/^DISTRIB_RELEASE=//p' /etc/lsb-release | head -n 1)"
true

#: part ubuntu-pro limit=10 size=40000 root=yes -- whether an Ubuntu Pro contract is attached; the client's own record, not the client
kept=/var/lib/ubuntu-advantage
[ -d "$kept" ] || have pro || have ua || absent
# Present while attached, removed on detaching. Only its presence is looked at: it may hold tokens.
if [ -e "$kept/machine-token.json" ]; then echo token=present
elif [ "$SCORECARD_RIGHTS" != user ] && as_root test -e "$kept/private/machine-token.json"; then echo token=present
else echo token=none; fi
if [ ! -e "$kept/status.json" ]; then echo status=none; exit 0; fi
[ -r "$kept/status.json" ] || denied
# One JSON object on one line. Braces and these keys only: other keys can name a proxy with its password.
sed 's/[{}]/,&,/g' "$kept/status.json" | tr ',' '\n' |
  grep -E '^[[:space:]]*([{}]|"(attached|expires|name|entitled|status)":)' | sed 's/^[[:space:]]*/json /'
true

#: part extension-signs limit=10 size=40000 -- package sources and products that belong to an extended support contract
# Only host names and path words known to belong to such contracts are printed: an address may hold a password.
apt_sources() {
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
    [ -e "$file" ] || continue
    [ -r "$file" ] || { printf 'unreadable=%s\n' "$file"; continue; }
    case $file in *.sources) kind=stanzas ;; *) kind=lines ;; esac
    awk -v kind="$kind" '
      function finish() { if (text != "" && !off) show(tolower(text)); text = ""; off = 0 }
      function show(t) {
        if (t ~ /esm\.ubuntu\.com\/infra-legacy/) print "apt=esm-infra-legacy"
        else if (t ~ /esm\.ubuntu\.com\/(infra|ubuntu)/) print "apt=esm-infra"
        if (t ~ /freexian|extended-lts/) print "apt=elts"
        if (t ~ /tuxcare|cloudlinux/) print "apt=third-party"
      }
      /^[ \t]*#/ { next }
      kind == "lines" { if ($1 == "deb") show(tolower($0)); next }
      /^[ \t\r]*$/ { finish(); next }
      tolower($0) ~ /^enabled:[ \t]*(no|false|0)/ { off = 1 }
      { text = text " " $0 }
      END { if (kind == "stanzas") finish() }
    ' "$file"
  done
}
rpm_sources() {
  for file in /etc/yum.repos.d/*.repo /etc/zypp/repos.d/*.repo; do
    [ -e "$file" ] || continue
    [ -r "$file" ] || { printf 'unreadable=%s\n' "$file"; continue; }
    awk '
      function finish() { if (id != "" && !off) print "repo=" id; id = ""; off = 0 }
      /^\[.*\]/ { finish(); id = substr($0, 2, index($0, "]") - 2) }
      tolower($0) ~ /^[ \t]*enabled[ \t]*[=:][ \t]*(0|no|false|off)/ { off = 1 }
      END { finish() }
    ' "$file"
  done
  for file in /etc/products.d/*.prod; do
    [ -e "$file" ] || continue
    name=${file##*/}
    printf 'product=%s\n' "${name%.prod}"
  done
}
for folder in /etc/apt/sources.list.d /etc/yum.repos.d /etc/zypp/repos.d /etc/products.d; do
  [ -d "$folder" ] || continue
  { [ -r "$folder" ] && [ -x "$folder" ]; } || printf 'unreadable=%s\n' "$folder"
done
apt_sources
rpm_sources
true
