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
