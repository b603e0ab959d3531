# shellcheck shell=sh
# What Mac this is, and who uses it. Sources: macos.md 0 and 5.4.

#: part hardware limit=20 size=40000 -- model, chip, memory, serial number, firmware
[ -x /usr/sbin/system_profiler ] || absent
/usr/sbin/system_profiler SPHardwareDataType -json

#: part registry limit=10 size=100000 -- serial number and hardware id by a second witness, processor, memory
/usr/sbin/ioreg -rd1 -c IOPlatformExpertDevice -a
printf '\n'
for name in hw.model machdep.cpu.brand_string hw.memsize hw.ncpu; do
  printf 'sysctl %s=%s\n' "$name" "$(/usr/sbin/sysctl -n "$name" 2>/dev/null)"
done
printf 'computer_name=%s\n' "$(/usr/sbin/scutil --get ComputerName 2>/dev/null)"
true

#: part users limit=10 size=20000 -- who is logged in, who was last
printf 'console=%s\n' "$(/usr/bin/stat -f %Su /dev/console 2>/dev/null)"
/usr/bin/who 2>/dev/null | head -n 50 | sed 's/^/who: /'
/usr/bin/last -30 2>/dev/null | head -n 30 | sed 's/^/last: /'
true

#: part disks limit=15 size=200000 -- size and free space of local file systems; a network one is never touched
[ -x /sbin/mount ] || absent
/sbin/mount | sed 's/^/mount: /'
/bin/df -P -k -l | sed -n 's/^\/dev\//df: &/p'
# Beyond the system's own, only what is built in counts: disk images and drives on a cable come and go.
/bin/df -P -k -l | sed -n 's/^\(\/dev\/disk[0-9s]*\) .*  *\/Volumes\/.*/\1/p' | while read -r device; do
  /usr/sbin/diskutil info -plist "$device" 2>/dev/null | tr -d '\n\t ' |
    sed -n "s|.*<key>Internal</key><true/>.*|internal: $device|p"
done
true
