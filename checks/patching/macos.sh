# shellcheck shell=sh
# What the Mac already knows of updates (macos.md 3): the last scan's result, never a new scan. Property lists travel as
# base64 of the file as it is; nothing is asked of python, git or other tools that open an install dialog.
#: part settings limit=15 size=400000 -- last scan, updates it found, automatic update settings and who manages them
send() {
  [ -e "$2" ] || return 0
  printf '== %s\n' "$1"
  if [ -r "$2" ]; then /usr/bin/base64 <"$2"; echo "rc $?"; else echo 'rc 77'; fi
}
send preferences /Library/Preferences/com.apple.SoftwareUpdate.plist
send managed '/Library/Managed Preferences/com.apple.SoftwareUpdate.plist'
restrictions='/Library/Managed Preferences/com.apple.applicationaccess'
if [ -e "$restrictions.plist" ]; then
  echo '== restrictions'
  [ -r "$restrictions.plist" ] || echo 'rc 77'
  for key in enforcedSoftwareUpdateDelay enforcedSoftwareUpdateMinorOSDeferredInstallDelay forceDelayedSoftwareUpdates \
    allowRapidSecurityResponseInstallation; do
    value=$(/usr/bin/defaults read "$restrictions" "$key" 2>/dev/null) && printf '%s %s\n' "$key" "$value"
  done
fi
true
#: part declared limit=10 root=yes size=200000 -- update settings by declarative management, which replace the others (macOS 14 and later)
file=/var/db/softwareupdate/SoftwareUpdateDDMStatePersistence.plist
if [ ! -e "$file" ] && [ -x /var/db/softwareupdate ]; then absent; fi
as_root /usr/bin/base64 -i "$file" || exit $?
#: part scan limit=60 -- updates found by the last scan
# "No new software available." goes to standard error.
/usr/sbin/softwareupdate -l --no-scan 2>&1
echo "rc $?"
#: part history limit=20 size=300000 -- the newest entries of the list of installed updates
file=/Library/Receipts/InstallHistory.plist
[ -e "$file" ] || absent
[ -r "$file" ] || denied
/usr/bin/plutil -convert xml1 -o - "$file" | /usr/bin/tail -c 150000
