# shellcheck shell=sh
# Antivirus on macOS. What is looked for here and what products.yaml lists must agree; a test compares them.
# Sources: macos.md 0 (ground rules), 2.1 (what is built in), 2.2 (other products), 3.3 (ConfigDataInstall).

#: part builtin limit=15 size=20000 -- Apple's own protection: XProtect, Gatekeeper, System Integrity Protection
for bundle in /Library/Apple/System/Library/CoreServices/XProtect.bundle /var/protected/xprotect/XProtect.bundle \
  /Library/Apple/System/Library/CoreServices/XProtect.app; do
  info=$bundle/Contents/Info.plist
  if [ -r "$info" ]; then
    printf 'bundle\t%s\t%s\t%s\n' "$bundle" \
      "$(/usr/libexec/PlistBuddy -c 'Print :CFBundleShortVersionString' "$info" 2>/dev/null)" \
      "$(/usr/bin/stat -f %m "$bundle" 2>/dev/null)"
  else
    case $(ls -d "$info" 2>&1) in
      *'No such file'*) printf 'missing\t%s\n' "$bundle" ;;
      *) printf 'denied\t%s\n' "$bundle" ;;
    esac
  fi
done
printf 'gatekeeper\t%s\n' "$(/usr/sbin/spctl --status 2>&1 | tr '\n' ' ')"
printf 'integrity\t%s\n' "$(/usr/bin/csrutil status 2>&1 | tr '\n' ' ')"
if [ -x /usr/bin/xprotect ]; then
  printf 'version\t%s\n' "$(/usr/bin/xprotect version 2>&1 | tr '\n' ' ')"
  printf 'status\t%s\n' "$(/usr/bin/xprotect status 2>&1 | tr '\n' ';')"
fi
true

#: part receipts limit=10 size=60000 -- when Apple's protection data was last installed
history=/Library/Receipts/InstallHistory.plist
[ -e "$history" ] || absent
[ -r "$history" ] || denied
/usr/bin/plutil -convert xml1 -o - "$history" | /usr/bin/awk '
  /<dict>/ { date = name = version = key = "" }
  /<key>/ { key = $0; gsub(/.*<key>|<\/key>.*/, "", key) }
  /<date>/ && key == "date" { date = $0; gsub(/.*<date>|<\/date>.*/, "", date) }
  /<string>/ && key == "displayName" { name = $0; gsub(/.*<string>|<\/string>.*/, "", name) }
  /<string>/ && key == "displayVersion" { version = $0; gsub(/.*<string>|<\/string>.*/, "", version) }
  /<\/dict>/ && name ~ /^XProtect/ { print "receipt\t" date "\t" name "\t" version; found++ }
  END { print "receipts\t" found + 0 }' | /usr/bin/tail -n 80

#: part settings limit=10 size=5000 -- whether new protection data is installed by itself
domain=com.apple.SoftwareUpdate
effective=$(/usr/bin/osascript -l JavaScript -e "$.NSUserDefaults.alloc.initWithSuiteName('$domain').objectForKey('ConfigDataInstall').js" 2>/dev/null)
printf 'effective\t%s\t%s\n' "$?" "$effective"
for file in "/Library/Managed Preferences/$domain.plist" "/Library/Preferences/$domain.plist"; do
  if [ -r "$file" ]; then
    printf 'file\t%s\t%s\n' "$file" "$(/usr/libexec/PlistBuddy -c 'Print :ConfigDataInstall' "$file" 2>/dev/null)"
  elif [ -e "$file" ]; then
    printf 'denied\t%s\n' "$file"
  fi
done
# Declarations of a management server (14 and later) overrule the settings above; only root can read them.
declared=/var/db/softwareupdate/SoftwareUpdateDDMStatePersistence.plist
if as_root /usr/libexec/PlistBuddy -c 'Print :SUCorePersistedStatePolicyFields:SUCoreDDMDeclarationGlobalSettings' "$declared" >/dev/null 2>&1; then
  printf 'declared\tyes\n'
fi
true

#: part products limit=15 size=60000 -- which protection products are installed, and which of their processes run
echo '[paths]'
ls -d \
  '/Applications/Microsoft Defender.app' '/Applications/Falcon.app' '/Library/Sentinel' '/Applications/SentinelOne' \
  '/Applications/Sophos' '/Applications/Sophos Endpoint.app' '/Applications/JamfProtect.app' \
  '/Applications/ESET Endpoint Security.app' '/Applications/Endpoint Security for Mac.app' '/Library/Bitdefender' \
  '/Applications/TrendMicroSecurity.app' '/Library/Application Support/TrendMicro' '/Applications/Cortex XDR.app' \
  '/Applications/VMware Carbon Black Cloud' '/Library/Application Support/Malwarebytes' '/Applications/Huntress.app' \
  '/Library/Elastic/Agent' '/Library/Ossec' \
  '/opt/homebrew/var/lib/clamav' '/usr/local/clamav' 2>&1
echo '[daemons]'
for product in com.norton com.avast com.kaspersky com.intego com.avira com.trellix com.mcafee com.webroot com.f-secure; do
  for file in /Library/LaunchDaemons/"$product"*; do
    if [ -e "$file" ]; then printf '%s\n' "${file##*/}"; fi
  done
done
echo '[extensions]'
if [ -x /usr/bin/systemextensionsctl ]; then /usr/bin/systemextensionsctl list 2>&1; else echo 'no systemextensionsctl'; fi
echo '[processes]'
/bin/ps -axo comm= 2>/dev/null | {
  count=0
  while IFS= read -r name; do
    count=$((count + 1))
    case ${name##*/} in
      wdavdaemon|falcond|com.crowdstrike.falcon.Agent|sentineld|SophosScanD|BDLDaemon|iCoreService|pmd|CbOsxSensorService|HuntressAgent|wazuh-agentd|clamd|freshclam|com.microsoft.wdav.epsext|com.sophos.endpoint.scanextension|com.jamf.protect.security-extension|com.eset.endpoint|com.trendmicro.icore.es|com.paloaltonetworks.traps.securityextension|com.vmware.carbonblack.cloud.se-agent.extension|com.malwarebytes.ncep.rtprotection.daemon|com.huntresslabs.sysext|co.elastic.systemextension)
        printf 'process %s\n' "${name##*/}"
        ;;
    esac
  done
  printf 'seen %s\n' "$count"
}

#: part clamav limit=10 size=20000 -- age of ClamAV's databases, from the head of each file; no scanner is started
found=no
for folder in /opt/homebrew/var/lib/clamav /usr/local/var/lib/clamav /usr/local/clamav /usr/local/clamav/share/clamav; do
  [ -d "$folder" ] || continue
  found=yes
  if [ -r "$folder" ] && [ -x "$folder" ]; then printf 'folder\t%s\n' "$folder"; else printf 'denied\t%s\n' "$folder"; fi
  for file in "$folder"/daily.cvd "$folder"/daily.cld "$folder"/main.cvd "$folder"/main.cld; do
    [ -e "$file" ] || continue
    if [ -r "$file" ]; then
      printf 'database\t%s\t%s\n' "$file" "$(head -c 512 "$file" | tr -cd ' -~' | cut -d: -f1-4,9)"
    else
      printf 'denied\t%s\n' "$file"
    fi
  done
done
[ "$found" = yes ] || absent

#: part defender limit=15 size=60000 root=yes -- Microsoft Defender's own word on its health
have mdatp || absent
reply=$(mdatp health --output json 2>&1)
code=$?
if [ "$code" != 0 ] && [ "$SCORECARD_RIGHTS" != root ]; then
  second=$(as_root mdatp health --output json 2>&1)
  again=$?
  if [ "$again" != 77 ]; then reply=$second code=$again; fi
fi
printf '%s\n' "$reply"
(exit "$code")

#: part defender-scans limit=10 size=60000 root=yes -- Microsoft Defender's last scans; it lists them and starts none
have mdatp || absent
reply=$(mdatp scan list --output json 2>&1)
code=$?
if [ "$code" != 0 ] && [ "$SCORECARD_RIGHTS" != root ]; then
  second=$(as_root mdatp scan list --output json 2>&1)
  again=$?
  if [ "$again" != 77 ]; then reply=$second code=$again; fi
fi
printf '%s\n' "$reply"
(exit "$code")

#: part crowdstrike limit=10 size=20000 root=yes -- whether the Falcon sensor works
falconctl=/Applications/Falcon.app/Contents/Resources/falconctl
[ -x "$falconctl" ] || absent
as_root "$falconctl" stats agent_info 2>&1

#: part sentinelone limit=10 size=20000 root=yes -- state of the SentinelOne agent
[ -d /Library/Sentinel ] || [ -d /Applications/SentinelOne ] || absent
[ -x /usr/local/bin/sentinelctl ] || absent
reply=$(/usr/local/bin/sentinelctl status 2>&1)
code=$?
if [ "$code" != 0 ] && [ "$SCORECARD_RIGHTS" != root ]; then
  second=$(as_root /usr/local/bin/sentinelctl status 2>&1)
  again=$?
  if [ "$again" != 77 ]; then reply=$second code=$again; fi
fi
printf '%s\n' "$reply"
(exit "$code")

#: part elastic limit=10 size=60000 root=yes -- whether the Elastic agent carries its malware protection
[ -d /Library/Elastic/Agent ] || absent
have elastic-agent || absent
as_root elastic-agent status --output json 2>&1

#: part vendors limit=30 size=60000 root=yes -- status commands of other products, each only where it is installed
asked=no
# ask ID FOLDER COMMAND...: a line "ID exit-code", then the answer with a bar before each line.
ask() {
  id=$1 folder=$2
  shift 2
  [ -d "$folder" ] || return 0
  have "$1" || return 0
  asked=yes
  reply=$(as_root "$@" 2>&1)
  printf '%s %s\n' "$id" "$?"
  printf '%s\n' "$reply" | head -n 80 | sed 's/^/|/'
}
ask jamf-protect /Applications/JamfProtect.app protectctl info --json
ask carbon-black '/Applications/VMware Carbon Black Cloud' repcli status
ask cortex-xdr '/Applications/Cortex XDR.app' '/Library/Application Support/PaloAltoNetworks/Traps/bin/cytool' runtime query
[ "$asked" = yes ] || absent
