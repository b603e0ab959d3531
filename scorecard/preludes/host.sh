# shellcheck shell=sh
# What every endpoint is asked first, on Linux and macOS alike: who it is, what it runs on, and what we may do there.
#: part host limit=10 size=60000 -- system, clock, rights, chassis, virtual machine or container
field() { printf '%s=%s\n' "$1" "$2"; }
first_line() { [ -r "$1" ] && { IFS= read -r line <"$1" || [ -n "$line" ]; } && printf '%s' "$line"; }
field system "$(uname -s)"
field kernel "$(uname -r)"
field machine "$(uname -m)"
field hostname "$(uname -n)"
field clock "$(date +%s)"
field uid "$(id -u)"
field user "$(id -un)"
field rights "$SCORECARD_RIGHTS"
field shell "$SHELL"
if [ "$(uname -s)" = Darwin ]; then
  /usr/bin/sw_vers | while IFS= read -r line; do printf 'sw_vers: %s\n' "$line"; done
  field arm64 "$(/usr/sbin/sysctl -n hw.optional.arm64 2>/dev/null)"
  field hv_vmm_present "$(/usr/sbin/sysctl -n kern.hv_vmm_present 2>/dev/null)"
  field boottime "$(/usr/sbin/sysctl -n kern.boottime 2>/dev/null)"
  field model "$(/usr/sbin/sysctl -n hw.model 2>/dev/null)"
  # Only an answer says that there is no battery: a MacBook must not become a desktop because pmset failed.
  case $(/usr/bin/pmset -g batt 2>/dev/null) in
    *InternalBattery*) field battery yes ;;
    *'drawing from'*) field battery no ;;
  esac
  field directory "$(/usr/sbin/dsconfigad -show 2>/dev/null | sed -n 's/^Active Directory Domain *= *//p')"
else
  for file in /etc/os-release /usr/lib/os-release; do
    if [ -r "$file" ]; then
      while IFS= read -r line || [ -n "$line" ]; do printf 'os-release: %s\n' "$line"; done <"$file"
      break
    fi
  done
  for file in /etc/redhat-release /etc/debian_version /etc/alpine-release; do
    [ -r "$file" ] && field "${file#/etc/}" "$(first_line "$file")"
  done
  field uptime "$(first_line /proc/uptime)"
  dmi=/sys/class/dmi/id
  field chassis_type "$(first_line $dmi/chassis_type)"
  field sys_vendor "$(first_line $dmi/sys_vendor)"
  field product_name "$(first_line $dmi/product_name)"
  for supply in /sys/class/power_supply/*; do
    [ "$(first_line "$supply/type")" = Battery ] || continue
    [ "$(first_line "$supply/scope")" = Device ] && continue
    field battery yes
  done
  if command -v systemd-detect-virt >/dev/null 2>&1; then
    field detect_container "$(systemd-detect-virt -c 2>/dev/null)"
    field detect_vm "$(systemd-detect-virt -v 2>/dev/null)"
  fi
  if grep -q '^flags.* hypervisor' /proc/cpuinfo 2>/dev/null; then field hypervisor_flag yes; fi
  if [ -d /run/systemd/system ]; then field init systemd; fi
  [ -e /run/.containerenv ] && field container_file /run/.containerenv
  [ -e /.dockerenv ] && field container_file /.dockerenv
  # LXC without systemd: the container's own /proc is laid over with lxcfs, its host's is not.
  if grep -q '^lxcfs /proc/' /proc/mounts 2>/dev/null; then field lxcfs yes; fi
  # The control domain of Xen is the machine itself, though its processor says hypervisor.
  if grep -q control_d /proc/xen/capabilities 2>/dev/null; then field control_domain yes; fi
  # The realm of a joined machine, from what sssd, realmd or samba keep; asking them would use the network.
  field realm "$(sed -n 's/^[[:space:]]*default_realm[[:space:]]*=[[:space:]]*//p' /etc/krb5.conf 2>/dev/null | head -n 1)"
  if [ -e /etc/krb5.keytab ]; then field keytab yes; else field keytab no; fi
fi
exit 0
