# shellcheck shell=sh
# What machine this is, and who uses it. Sources: linux.md 0 and 5.7.

#: part machine limit=5 size=8000 -- maker, model, firmware, processor, memory, machine id
first_line() { [ -r "$1" ] && { IFS= read -r line <"$1" || [ -n "$line" ]; } && printf '%s' "$line"; }
field() { printf '%s=%s\n' "$1" "$2"; }
for name in sys_vendor product_name product_version bios_vendor bios_version bios_date; do
  [ -r "/sys/class/dmi/id/$name" ] && field "$name" "$(first_line "/sys/class/dmi/id/$name")"
done
[ -r /proc/device-tree/model ] && field tree_model "$(tr -d '\000' </proc/device-tree/model)"
field cpu "$(sed -nE 's/^(model name|Model|Hardware|cpu model|cpu)[[:space:]]*: *//p' /proc/cpuinfo 2>/dev/null | head -n 1)"
field cpus "$(grep -c '^processor' /proc/cpuinfo 2>/dev/null)"
field memory "$(sed -n 's/^MemTotal: *//p' /proc/meminfo 2>/dev/null)"
for file in /etc/machine-id /var/lib/dbus/machine-id; do
  [ -r "$file" ] && field machine_id "$(first_line "$file")" && break
done
true

#: part serial limit=10 size=4000 root=yes -- serial number and hardware id; only root may read them
dmi=/sys/class/dmi/id
tree=/proc/device-tree/serial-number
[ -r "$tree" ] && printf 'tree_serial=%s\n' "$(tr -d '\000' <"$tree")"
if [ ! -e $dmi/product_serial ]; then
  [ -r "$tree" ] || absent
else
  value=$(as_root cat $dmi/product_serial) || exit $?
  printf 'product_serial=%s\n' "$value"
  for name in board_serial product_uuid; do
    value=$(as_root cat $dmi/$name 2>/dev/null) && printf '%s=%s\n' "$name" "$value"
  done
fi
true

#: part users limit=10 size=20000 -- who is logged in, who was last
if have who; then who 2>/dev/null | head -n 50 | sed 's/^/who: /'; fi
if have loginctl && [ -d /run/systemd/system ]; then
  loginctl list-sessions --no-legend --no-pager 2>/dev/null | head -n 50 | sed 's/^/session: /'
fi
if have last; then { last -w -n 30 2>/dev/null || last -n 30 2>/dev/null; } | head -n 30 | sed 's/^/last: /'; fi
if ! have who && ! have last && ! have loginctl; then absent; fi
true

#: part disks limit=15 size=100000 -- size and free space of local file systems; a network one is never touched
[ -r /proc/self/mounts ] || absent
# What was mounted last at a place hides what was there. Below anything that is not plainly local, nothing is touched: the
# way there leads through it. Of several mounts of one device the shortest stands for it.
awk '
  BEGIN {
    count = split("ext2 ext3 ext4 xfs btrfs f2fs jfs reiserfs nilfs2 bcachefs ntfs ntfs3 fuseblk vfat exfat zfs", names)
    for (i = 1; i <= count; i++) disk[names[i]] = 1
    count = split("tmpfs devtmpfs ramfs rootfs overlay aufs squashfs erofs iso9660", names)
    for (i = 1; i <= count; i++) memory[names[i]] = 1
  }
  { source[$2] = $1; type[$2] = $3; options[$2] = "," $4 "," }
  function reached(dir) {
    while (sub(/\/[^\/]*$/, "", dir) && dir != "")
      if (dir in type && !(type[dir] in disk) && !(type[dir] in memory)) return 0
    return 1
  }
  END {
    print "mounts\t" NR
    for (dir in type) {
      if (!(type[dir] in disk) || options[dir] !~ /,rw,/ || dir == "/boot/efi" || dir == "/efi" || !reached(dir)) continue
      if (source[dir] ~ /^\/dev\/loop/ && dir != "/") continue
      key = source[dir]
      if (type[dir] == "zfs") sub(/\/.*/, "", key)
      if (!(key in best) || length(dir) < length(best[key]) || (length(dir) == length(best[key]) && dir < best[key]))
        best[key] = dir
    }
    for (key in best) print "fs\t" type[best[key]] "\t" key "\t" best[key]
  }
' /proc/self/mounts | sort | {
  tab=$(printf '\t')
  # external NAME: whether the device, or one that it is made of, hangs on USB or can be taken out. In a shell of its own.
  external() (
    path=$(cd -P "/sys/class/block/$1" 2>/dev/null && pwd -P) || exit 1
    case $path in */usb[0-9]*) exit 0 ;; esac
    for flag in "$path/removable" "$path/../removable"; do
      if [ -r "$flag" ] && read -r value <"$flag" && [ "$value" = 1 ]; then exit 0; fi
    done
    for below in "$path"/slaves/*; do
      if [ -e "$below" ] && external "${below##*/}"; then exit 0; fi
    done
    exit 1
  )
  known=' '
  while IFS=$tab read -r word type source dir; do
    if [ "$word" != fs ]; then printf '%s\t%s\n' "$word" "$type"; continue; fi
    if [ "$type" = zfs ]; then
      printf 'fs\tzfs\t%s\t%s\t%s\n' "$source" "$dir" "$(zfs list -Hp -o used,available "$source" 2>/dev/null | tr '\t' ' ')"
      continue
    fi
    real=$(readlink -f "$source" 2>/dev/null)
    case $known in *" ${real:-none} "*) continue ;; esac
    known="$known$real "
    if [ "$dir" != / ] && external "$(printf '%s' "${real#/dev/}" | tr / '!')"; then continue; fi
    # The kernel writes blanks in names as \040; the x keeps a line feed at the end of a name.
    place=$(printf '%b' "$(printf '%s' "$dir" | sed 's/\\\([0-7][0-7][0-7]\)/\\0\1/g')x")
    printf 'fs\t%s\t%s\t%s\t%s\n' "$type" "$source" "$dir" "$(df -P -k "${place%x}" 2>/dev/null | tail -n 1 | tr '\t' ' ')"
  done
}
