# shellcheck shell=sh
# What a Linux machine is asked about disk encryption (linux.md 1). Reads sysfs, /proc and headers; changes nothing.
# Key material never leaves the machine: of headers and mapping tables only the words listed below are let through.

#: part blocks limit=15 size=1000000 -- every block device with what it is made of, as the kernel shows it
say() { printf '%s\t%s\t%s\n' "$name" "$1" "$2"; }
tell() { if [ -r "$dir/$2" ] && read -r value <"$dir/$2" && [ -n "$value" ]; then say "$1" "$value"; fi; }
[ -d /sys/class/block ] || absent
for dir in /sys/class/block/*; do
  [ -r "$dir/dev" ] || continue
  name=${dir##*/}
  tell dev dev
  tell size size
  tell removable removable
  tell partition partition
  tell dm-uuid dm/uuid
  tell dm-name dm/name
  tell backing loop/backing_file
  tell backing backing_dev
  tell card device/type
  say path "$(cd -P "$dir" && pwd -P)"
  for part in "$dir/slaves"/*; do if [ -e "$part" ]; then say slave "${part##*/}"; fi; done
  for part in "$dir/holders"/*; do if [ -e "$part" ]; then say holder "${part##*/}"; fi; done
  # What udev last saw on it: readable without rights, and only a second witness (it is empty where udev does not run).
  read -r number <"$dir/dev"
  if [ -r "/run/udev/data/b$number" ]; then
    while read -r line; do
      case $line in
        E:ID_FS_TYPE=*) say udev-type "${line#*=}" ;;
        E:ID_PART_ENTRY_TYPE=*) say udev-part "${line#*=}" ;;
      esac
    done <"/run/udev/data/b$number"
  fi
done
for dir in /sys/fs/btrfs/*/devices; do
  for part in "$dir"/*; do
    name=${dir%/devices}
    name=btrfs:${name##*/}
    if [ -e "$part" ]; then say slave "${part##*/}"; fi
  done
done
true

#: part mounts limit=5 size=1000000 -- what is mounted from which device
[ -r /proc/self/mountinfo ] || absent
while read -r line; do printf 'mount\t%s\n' "$line"; done </proc/self/mountinfo
# Device names that file systems and swap areas go by, and the kernel's own name for each.
{
  sed -n 's/^.* - [^ ]* \(\/dev\/[^ ]*\).*/\1/p' /proc/self/mountinfo
  sed -n 's/^\(\/dev\/[^[:space:]]*\).*/\1/p' /proc/swaps 2>/dev/null
} | sort -u | while read -r source; do
  # Some file systems name all their devices, with colons between.
  rest=$source:
  while [ -n "$rest" ]; do
    one=${rest%%:*}
    rest=${rest#*:}
    real=$(readlink -f "$one" 2>/dev/null) && [ -n "$real" ] && printf 'alias\t%s\t%s\n' "$one" "${real##*/}"
  done
done
true

#: part swaps limit=5 -- swap areas in use
[ -r /proc/swaps ] || absent
cat /proc/swaps

#: part crypttab limit=5 -- which key opens which volume at start (kinds and file names, never a key)
[ -e /etc/crypttab ] || absent
[ -r /etc/crypttab ] || denied
# The third word can be a key itself where a script takes it as its argument, so only names of files are let through.
awk '/^[[:space:]]*(#|$)/ { next }
{
  key = $3
  if (key == "" || key == "none" || key == "-") key = "none"
  else if (key !~ /^\//) key = "other"
  kept = ""
  count = split($4, options, ",")
  for (i = 1; i <= count; i++) {
    word = options[i]
    sub(/=.*/, "", word)
    if (word ~ /^(luks|plain|swap|tmp|tcrypt|bitlk|tpm2-device|fido2-device|pkcs11-uri|keyscript|noauto|initramfs)$/)
      kept = kept "," word
    if (word == "keyscript") key = "script"
  }
  print "entry\t" $1 "\t" $2 "\t" key "\t" kept
}' /etc/crypttab

#: part mappings limit=10 size=400000 root=yes -- what the device mapper really does: target and cipher, never a key
have dmsetup || absent
set -- /sys/class/block/dm-*
[ -e "$1" ] || exit 0
table=$(as_root dmsetup table 2>/dev/null) || exit $?
# A line reads "name: start length target ..."; of a crypt target the cipher and the number of key bits are let through.
printf '%s\n' "$table" | awk '{
  name = $1
  sub(/:$/, "", name)
  if ($4 != "crypt") { if (NF >= 4) print "target\t" name "\t" $3 "\t" $4; next }
  bits = length($6) * 4
  if ($6 ~ /^:[0-9]+:/) { split($6, piece, ":"); bits = piece[2] * 8 }
  if ($6 == "-") bits = 0
  print "target\t" name "\t" $3 "\tcrypt\t" $5 "\t" bits
}'

#: part luks limit=20 size=400000 root=yes -- what LUKS headers say: cipher, slots, kinds of unlocking; no salt, digest or key
# Devices under an open LUKS volume, and devices that nothing uses, which may be locked ones.
in_use() {
  read -r number <"$dir/dev"
  case $known in *" $number "* | *" /dev/$name "*) return 0 ;; esac
  for use in "$dir"/holders/* "$dir"/"$name"*/dev "$dir"/../holders/* /sys/fs/btrfs/*/devices/"$name"; do
    case $use in "$dir"/../holders/*) [ -e "$dir/partition" ] || continue ;; esac
    [ -e "$use" ] && return 0
  done
  return 1
}
under_luks() {
  for use in "$dir"/holders/*; do
    [ -r "$use/dm/uuid" ] && read -r uuid <"$use/dm/uuid" && case $uuid in CRYPT-LUKS* | CRYPT-SUBDEV-*) return 0 ;; esac
  done
  return 1
}
known=" $(awk '{ printf "%s ", $3 }' /proc/self/mountinfo) $(awk '{ printf "%s ", $1 }' /proc/swaps 2>/dev/null) "
devices=''
for dir in /sys/class/block/*; do
  name=${dir##*/}
  size=0
  { [ -r "$dir/dev" ] && [ -r "$dir/size" ] && read -r size <"$dir/size"; } || continue
  [ "$size" -gt 2048 ] 2>/dev/null || continue
  if under_luks; then devices="$devices $name"; continue; fi
  case $name in loop* | ram* | zram* | sr* | fd* | dm-*) continue ;; esac
  in_use || devices="$devices $name"
done
[ -n "$devices" ] || exit 0
have cryptsetup || absent
asked=no
for name in $devices; do
  device=/dev/$(printf '%s' "$name" | tr '!' '/')
  dump=$(as_root cryptsetup luksDump "$device" 2>/dev/null)
  code=$?
  if [ "$code" = 77 ]; then denied; fi
  asked=yes
  printf 'header\t%s\t%s\n' "$name" "$code"
  [ "$code" = 0 ] || continue
  printf '%s\n' "$dump" | awk -v name="$name" '
    function say(key, value) { print "luks\t" name "\t" key "\t" value }
    /^[A-Z]/ { section = $1 }
    /^Version:/ { say("version", $2) }
    /^UUID:/ { say("uuid", $2) }
    /^Cipher name:/ { name1 = $3 }
    /^Cipher mode:/ { say("cipher", name1 "-" $3) }
    /^MK bits:/ { say("bits", $3) }
    /^Key Slot [0-9]+: ENABLED/ { say("slot", "luks1") }
    /^Requirements:/ { say("requires", $2) }
    # Segments marked as backup are how it was or will be; the others are how it is now.
    function flush() { if (kind != "") { say("segment", kind); if (cipher != "") say("cipher", cipher) } kind = cipher = "" }
    /^[A-Z]/ || /^  [0-9]+: / { flush() }
    section == "Data" && /^  [0-9]+: [a-z0-9-]+$/ { kind = $2 }
    section == "Data" && /^\tcipher: / { cipher = $2 }
    section == "Data" && /^\tflags *:.*backup/ { kind = cipher = "" }
    section == "Keyslots:" && /^  [0-9]+: [a-z0-9-]+$/ { say("slot", $2) }
    section == "Tokens:" && /^  [0-9]+: [a-z0-9-]+$/ { say("token", $2) }
    section == "Keyslots:" && /^\tKey: +[0-9]+ bits/ { say("bits", $2) }
    section == "Keyslots:" && /^\tMode: +[a-z]+$/ { say("mode", $2) }
    section == "Tokens:" && /^\ttpm2-pin: +[a-z]+$/ { say("pin", $2) }
  '
  # Clevis keeps what opens the volume in a token of its own; of its settings only the names of the pins are let through.
  if have clevis; then
    as_root clevis luks list -d "$device" 2>/dev/null | sed -n 's/^[0-9][0-9]*: \([a-z0-9]*\) .*/\1/p' |
      while read -r pin; do printf 'luks\t%s\tclevis\t%s\n' "$name" "$pin"; done
  fi
done
[ "$asked" = yes ] || denied
true

#: part signatures limit=20 size=200000 root=yes -- what lies on fixed disks and partitions that nothing uses
in_use() {
  read -r number <"$dir/dev"
  case $known in *" $number "* | *" /dev/$name "*) return 0 ;; esac
  for use in "$dir"/holders/* "$dir"/"$name"*/dev "$dir"/../holders/* /sys/fs/btrfs/*/devices/"$name"; do
    case $use in "$dir"/../holders/*) [ -e "$dir/partition" ] || continue ;; esac
    [ -e "$use" ] && return 0
  done
  return 1
}
known=" $(awk '{ printf "%s ", $3 }' /proc/self/mountinfo) $(awk '{ printf "%s ", $1 }' /proc/swaps 2>/dev/null) "
have blkid || absent
for dir in /sys/class/block/*; do
  name=${dir##*/}
  size=0
  case $name in loop* | ram* | zram* | sr* | fd*) continue ;; esac
  { [ -r "$dir/dev" ] && [ -r "$dir/size" ] && read -r size <"$dir/size"; } || continue
  [ "$size" -gt 2048 ] 2>/dev/null || continue
  if in_use; then continue; fi
  device=/dev/$(printf '%s' "$name" | tr '!' '/')
  found=$(as_root blkid -p -o export "$device" 2>/dev/null)
  code=$?
  if [ "$code" = 77 ]; then denied; fi
  # Code 2 means "nothing found" and "cannot be opened" alike, so the disk has to show that it can be read.
  if [ "$code" = 2 ] && ! as_root head -c 1 "$device" >/dev/null 2>&1; then code=1; fi
  printf 'probed\t%s\t%s\n' "$name" "$code"
  [ "$code" = 0 ] || continue
  printf '%s\n' "$found" | sed -n "s/^\(TYPE\|PTTYPE\|PART_ENTRY_TYPE\)=\(.*\)/found	$name	\1	\2/p"
done
true

#: part zfs limit=10 size=400000 -- ZFS data sets with their own encryption, and the devices under each pool
{ have zfs && have zpool; } || absent
[ -e /sys/module/zfs ] || absent
properties=encryption,keystatus,mounted,mountpoint,keylocation
if ! sets=$(zfs get -Hp -t filesystem,volume -o name,property,value "$properties" 2>/dev/null); then
  # Before ZFS knew encryption the question itself is an error: then nothing there is encrypted by ZFS.
  sets=$(zfs get -Hp -t filesystem -o name,property,value mounted,mountpoint 2>/dev/null) || exit 1
  printf 'old\n'
fi
printf '%s\n' "$sets" | sed 's/^/set	/'
zpool list -vHP 2>/dev/null | while read -r one two _; do
  case $one in
    /*) real=$(readlink -f "$one" 2>/dev/null) && printf 'vdev\t%s\t%s\n' "$pool" "${real##*/}" ;;
    mirror-* | raidz* | draid* | spare* | logs | log | cache | special | dedup | indirect-*) ;;
    *) if [ -n "$two" ]; then pool=$one; fi ;;
  esac
done
for one in /dev/zvol/*/* /dev/zvol/*/*/* /dev/zvol/*/*/*/*; do
  if [ -b "$one" ]; then
    real=$(readlink -f "$one") && printf 'zvol\t%s\t%s\n' "${one#/dev/zvol/}" "${real##*/}"
  fi
done
true

#: part homes limit=8 -- home folders that are encrypted on their own; numbers, no names
count() { number=0; for one in "$@"; do if [ -e "$one" ]; then number=$((number + 1)); fi; done; printf '%s\n' "$number"; }
printf 'ecryptfs=%s\n' "$(count /home/.ecryptfs/*)"
printf 'homed=%s\n' "$(count /home/*.home)"
if have fscrypt; then printf 'fscrypt=%s\n' "$(fscrypt status 2>/dev/null | awk '$NF == "Yes" { n++ } END { print n + 0 }')"; fi
true
