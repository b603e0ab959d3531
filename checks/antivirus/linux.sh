# shellcheck shell=sh
# Antivirus on Linux. What is looked for here and what products.yaml lists must agree; a test compares them.
# Sources: linux.md 2 (table of products), 2.1 (ClamAV), 2.2 (Microsoft Defender), 6.3 (rights).

#: part products limit=15 size=60000 -- which protection products are installed, and which of their services run
echo '[paths]'
ls -d -- \
  /usr/sbin/clamd /usr/bin/clamscan /usr/local/sbin/clamd /usr/local/bin/clamscan \
  /opt/microsoft/mdatp /opt/CrowdStrike /opt/sentinelone /opt/sophos-spl /opt/sophos-av /opt/eset/efs /opt/eset/eea \
  /opt/ds_agent /opt/bitdefender-security-tools /opt/carbonblack/psc /usr/share/cb /opt/traps /var/ossec \
  /opt/Elastic/Agent /usr/share/huntress /opt/cybereason /opt/cisco/amp /opt/kaspersky/kesl /opt/drweb.com \
  /opt/f-secure /opt/McAfee/ens /opt/isec /etc/symantec /opt/Symantec \
  /var/lib/rkhunter/db /usr/sbin/chkrootkit /usr/local/maldetect 2>&1
echo '[units]'
if [ -d /run/systemd/system ] && have systemctl; then
  systemctl show -p Id,Names,LoadState,ActiveState,SubState,ConditionResult \
    clamav-daemon.service clamd@scan.service clamd.service mdatp.service falcon-sensor.service sentinelone.service \
    sophos-spl.service efs.service eea.service ds_agent.service v1sg.service xes.service bdsec.service \
    cbagentd.service cbdaemon.service traps_pmd.service wazuh-agent.service elastic-agent.service \
    ElasticEndpoint.service huntress-agent.service kesl.service maldet.service 2>&1
else
  echo 'no systemd'
fi
echo '[processes]'
# Where /proc is mounted to hide other people's processes, process 1 cannot be read: then nothing is said about them.
if [ -r /proc/1/comm ]; then
  printf 'cgroup %s\n' "$(tr '\n' ' ' </proc/1/cgroup 2>/dev/null)"
  for file in /proc/[0-9]*/comm; do
    { IFS= read -r name <"$file"; } 2>/dev/null || continue
    case $name in
      clamd|clamonacc|freshclam|wdavdaemon|falcon-sensor|falcon-sensor-b|s1-agent|s1-orchestrator|sophos_threat_d|oaeventd|ds_agent|bdsecd|cbagentd|cbdaemon|pmd|wazuh-agentd|huntress-agent|kesl)
        # A process with a second number lives in a process namespace of its own: in a container.
        folder=${file%/comm} state='' place=here
        while read -r key value more; do
          case $key in State:) state=$value ;; NSpid:) [ -z "$more" ] || place=inside ;; esac
        done 2>/dev/null <"$folder/status"
        printf 'process %s %s %s %s\n' "$name" "${state:-?}" "$place" "$(tr '\n' ' ' 2>/dev/null <"$folder/cgroup")"
        ;;
    esac
  done
else
  echo 'hidden'
fi
true

#: part clamav limit=10 size=40000 -- age of ClamAV's databases, from the head of each file; no scanner is started
found=no
# A folder that cannot be looked into is told apart from one that does not exist.
look() {
  if [ -d "$1" ] && [ -r "$1" ] && [ -x "$1" ]; then
    printf 'folder\t%s\n' "$1"
  elif [ -d "$1" ]; then
    printf 'denied\t%s\n' "$1"
  else
    case $(ls -d -- "$1" 2>&1) in
      *[Pp]ermission*) printf 'denied\t%s\n' "$1" ;;
      *) printf 'missing\t%s\n' "$1" ;;
    esac
    return
  fi
  found=yes
  for file in "$1"/daily.cvd "$1"/daily.cld "$1"/main.cvd "$1"/main.cld; do
    [ -e "$file" ] || continue
    if [ -r "$file" ]; then
      printf 'database\t%s\t%s\n' "$file" "$(head -c 512 "$file" | tr -cd ' -~' | cut -d: -f1-4,9)"
    else
      printf 'denied\t%s\n' "$file"
    fi
  done
}
look /var/lib/clamav
for file in /etc/clamav/clamd.conf /etc/clamd.conf /etc/clamd.d/*.conf /usr/local/etc/clamd.conf \
  /etc/clamav/freshclam.conf /etc/freshclam.conf /usr/local/etc/freshclam.conf; do
  [ -e "$file" ] || continue
  found=yes
  if [ ! -r "$file" ]; then printf 'unreadable\t%s\n' "$file"; continue; fi
  while read -r key value || [ -n "$key" ]; do
    case $key in
      DatabaseDirectory)
        value=${value#\"} value=${value%\"}
        printf 'conf\t%s\t%s\t%s\n' "$file" "$key" "$value"
        case $value in /var/lib/clamav | /var/lib/clamav/) ;; /*) look "$value" ;; esac
        ;;
      OnAccessIncludePath | OnAccessMountPath | OnAccessPrevention) printf 'conf\t%s\t%s\t%s\n' "$file" "$key" "$value" ;;
    esac
  done <"$file"
done
[ "$found" = yes ] || absent
grep -lsE '^[^#]*clamd?scan' /etc/crontab /etc/cron.d/* /etc/cron.hourly/* /etc/cron.daily/* /etc/cron.weekly/* \
  /etc/cron.monthly/* /etc/systemd/system/*.service | while IFS= read -r file; do printf 'scheduled\t%s\n' "$file"; done
true

#: part clamd limit=5 size=2000 -- which definitions the running ClamAV daemon uses, asked over its local socket
have clamdscan || absent
asked=no
for file in /etc/clamav/clamd.conf /etc/clamd.conf /etc/clamd.d/scan.conf /usr/local/etc/clamd.conf; do
  socket=$(sed -n 's/^LocalSocket[[:space:]]\{1,\}//p' "$file" 2>/dev/null)
  # With a network socket in the same file the question could leave the machine.
  if [ -S "$socket" ] && ! grep -q '^TCPSocket' "$file"; then
    asked=yes
    clamdscan --config-file="$file" --version 2>/dev/null
  fi
done
[ "$asked" = yes ] || absent

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

#: part crowdstrike limit=10 size=20000 root=yes -- whether the Falcon sensor is connected and sees what happens
[ -d /opt/CrowdStrike ] || absent
# The same words as in the documented sudo rule, which matches arguments exactly.
as_root /opt/CrowdStrike/falconctl -g --aid --version --rfm-state 2>&1

#: part sentinelone limit=10 size=20000 root=yes -- state of the SentinelOne agent
[ -d /opt/sentinelone ] || absent
as_root /opt/sentinelone/bin/sentinelctl control status 2>&1 || exit $?
as_root /opt/sentinelone/bin/sentinelctl management status 2>&1
true

#: part elastic limit=10 size=60000 root=yes -- whether the Elastic agent carries its malware protection
[ -d /opt/Elastic/Agent ] || absent
have elastic-agent || absent
as_root elastic-agent status --output json 2>&1

#: part vendors limit=30 size=60000 root=yes -- status commands of other products, each only where it is installed
asked=no
# ask ID FOLDER COMMAND...: a line "ID exit-code", then the answer with a bar before each line.
ask() {
  id=$1 folder=$2
  shift 2
  [ -d "$folder" ] || return 0
  asked=yes
  reply=$(as_root "$@" 2>&1)
  printf '%s %s\n' "$id" "$?"
  printf '%s\n' "$reply" | head -n 80 | sed 's/^/|/'
}
ask eset /opt/eset/efs /opt/eset/efs/bin/upd --list-modules
ask eset /opt/eset/eea /opt/eset/eea/bin/upd --list-modules
ask trend-micro /opt/ds_agent /opt/ds_agent/dsa_query -c GetAgentStatus
ask bitdefender /opt/bitdefender-security-tools /opt/bitdefender-security-tools/bin/bduitool get ps
ask cortex-xdr /opt/traps /opt/traps/bin/cytool runtime query
ask kaspersky /opt/kaspersky/kesl kesl-control --app-info
ask cisco-secure-endpoint /opt/cisco/amp ampcli status
[ "$asked" = yes ] || absent
true
