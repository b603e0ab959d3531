# shellcheck shell=sh
# What a Mac is asked about disk encryption (macos.md 1). Changes nothing; no recovery key is ever read, only whether there is one.

#: part filevault limit=10 -- is FileVault on, off, or on its way
have /usr/bin/fdesetup || absent
/usr/bin/fdesetup status

#: part volumes limit=20 size=1000000 -- APFS containers and volumes with their roles
have /usr/sbin/diskutil || absent
/usr/sbin/diskutil apfs list -plist

#: part disks limit=20 size=1000000 -- disks and partitions that are not APFS: HFS+, Boot Camp
have /usr/sbin/diskutil || absent
/usr/sbin/diskutil list -plist

#: part drives limit=25 size=1000000 -- which disks are inside the machine and which outside
have /usr/sbin/diskutil || absent
# A disk that cannot be asked is missing from the answer, and costs only itself.
for disk in /dev/disk[0-9] /dev/disk[0-9][0-9]; do
  if [ -e "$disk" ]; then /usr/sbin/diskutil info -plist "$disk"; fi
done
true

#: part boot limit=10 size=200000 -- which volume holds the running system and its data
have /usr/sbin/diskutil || absent
/usr/sbin/diskutil info -plist / || exit 1
if [ -d /System/Volumes/Data ]; then /usr/sbin/diskutil info -plist /System/Volumes/Data; fi

#: part unlockers limit=10 size=200000 -- kinds of keys that open the system volume, a recovery key among them
have /usr/sbin/diskutil || absent
/usr/sbin/diskutil apfs listCryptoUsers -plist /

#: part recovery limit=10 root=yes -- does a recovery key exist (yes or no, never the key)
have /usr/bin/fdesetup || absent
personal=$(as_root /usr/bin/fdesetup haspersonalrecoverykey 2>/dev/null)
code=$?
if [ "$code" = 77 ]; then denied; fi
institutional=$(as_root /usr/bin/fdesetup hasinstitutionalrecoverykey 2>/dev/null)
printf 'personal=%s\ninstitutional=%s\n' "$personal" "$institutional"

#: part escrow limit=5 -- was the recovery key wrapped for a management server (only whether the file exists)
[ -x /var/db ] || denied
if [ -e /var/db/FileVaultPRK.dat ]; then printf 'wrapped=yes\n'; else printf 'wrapped=no\n'; fi

#: part bootstrap limit=10 root=yes -- does the management server hold a bootstrap token
have /usr/bin/profiles || absent
as_root /usr/bin/profiles status -type bootstraptoken 2>/dev/null || exit $?
