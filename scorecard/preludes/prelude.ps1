# scorecard: a read-only look at this machine, for Windows PowerShell 4.0 and 5.1. It answers the questions that come as
# one JSON document on standard input. It changes nothing, installs nothing, writes no file, calls no other machine and
# makes no code out of text. What Constrained Language Mode forbids ends as code 77, and the other questions go on.
# Sent without comments and needless blanks as -EncodedCommand: the same text for every machine, so it can be allowed.
#
# Rules of this file, which tests hold it to. A function that may have nothing to say says $null, since nothing at all
# becomes {} in JSON. No function hands on a list: one that passed a pipeline whole becomes {"value": [...], "Count": n}.
# No text spans lines, and comments stand on lines of their own. $q is the question.
$ErrorActionPreference = 'Stop'
$ProgressPreference = $WarningPreference = 'SilentlyContinue'
# Commands come from Windows' own modules alone, wherever else the account's path leads, and no list of them is kept.
$env:PSModulePath = "$PSHOME\Modules"
$env:PSModuleAnalysisCachePath = 'nul'
# It would be shown another registry and other folders.
if ($env:PROCESSOR_ARCHITEW6432) { throw 'A 32-bit process' }

# The methods that are ever called: they read and change nothing.
$methods = '^(Get((Protection|Conversion|Lock|HardwareEncryption)Status|EncryptionMethod|KeyProtectors|SuspendCount|Version)|DetermineIfRebootPending)$'

# What went wrong, as an HRESULT; 77 (4D): the language mode forbids it, 124 (7C): the question's time is up.
function Get-Code($err) {
    $id = $err.FullyQualifiedErrorId
    if ($id -match 'ConstrainedLanguage|CoreTypes') { return '0x0000004D' }
    if ($id -eq 'limit') { return '0x0000007C' }
    # CIM says it here; the HResult of its exception is the same for all errors.
    if ($id -match 'HRESULT (0x[0-9a-f]{1,8})\b') { return $matches[1] }
    $kind = [string]$err.CategoryInfo.Category
    # A file that is denied carries a cause that is no more than "failed".
    if ($kind -eq 'PermissionDenied') { return '0x80070005' }
    $cause = $err.Exception
    while ($cause.InnerException) { $cause = $cause.InnerException }
    $code = '0x{0:X8}' -f $cause.HResult
    # What .NET calls an error says less than PowerShell's category.
    if ($code -like '0x8013*' -and $kind -eq 'ObjectNotFound') { return '0x80070002' }
    $code
}

# An error in the place of a value. What ends the whole question is thrown on.
function Get-Fault($err) {
    $code = Get-Code $err
    if ($code -like '0x000000*') { throw $err }
    @{ error = $code }
}

function Assert-Limit {
    if ((Get-Date) -gt $until) { throw 'limit' }
}

# UTC. The update agent's times are UTC and do not say so; before 1990 means never.
function Get-Utc($time) {
    if ($time -isnot [datetime] -or $time.Year -lt 1990) { return $null }
    if ([string]$time.Kind -eq 'Local') { $time = $time.ToUniversalTime() }
    $time.ToString('s') + 'Z'
}

# A single value as JSON can hold it.
function Get-Plain($value) {
    if ($null -eq $value -or $value -is [bool]) { return $value }
    if ($value -is [datetime]) { return Get-Utc $value }
    if ($value -is [string]) { return $value.Replace([string][char]0, '') }
    if ([string]$value -match '^-?[0-9.]+(E[+-][0-9]+)?$') { return $value }
    @{ error = '0x80041005' }
}

function Add-Entry($table, $name, $value) {
    if ($value -is [byte[]]) { $table[$name] = @{ hex = -join @($value | Select-Object -First 64 | ForEach-Object { '{0:x2}' -f $_ }) } }
    elseif ($value -is [array]) { $table[$name] = @($value | ForEach-Object { Get-Plain $_ }) }
    else { $table[$name] = Get-Plain $value }
}

# Puts the values of %VARIABLES% in; one that is not set stays as it is.
function Expand-Path($path) {
    foreach ($one in Get-ChildItem env:) { $path = $path -replace [regex]::Escape("%$($one.Name)%"), $one.Value.Replace('$', '$$') }
    $path
}

# Of a command line the program alone, with or without quotes: what comes after may hold a secret.
function Get-Program($line) {
    $line -replace '^"([^"]+)".*', '$1' -replace '(\.(exe|dll|sys)) .*', '$1'
}

# Only drives of this machine: what lies on another one is not asked.
function Test-Local($path) {
    if (-not $drives) { $script:drives = @(Get-CimInstance Win32_LogicalDisk -Filter 'DriveType=3').DeviceID }
    $path -match '^[a-z]:\\' -and $drives -contains $path.Substring(0, 2)
}

function Read-File($path, $most) {
    $file = @{ path = $null; exists = $false; size = $null; modified = $null; version = $null; text = $null }
    if (-not $path -or $path -match '%') { return $file }
    try {
        if (-not (Test-Local $path)) { return @{ error = '0x800700A1' } }
        $item = Get-Item -LiteralPath $path -Force
        $file.path = $path
        $file.exists = $true
        $file.modified = Get-Utc $item.LastWriteTimeUtc
        if ($item.PSIsContainer) { return $file }
        $file.size = $item.Length
        $v = $item.VersionInfo
        if ($v.FileVersion) { $file.version = ($v.FileMajorPart, $v.FileMinorPart, $v.FileBuildPart, $v.FilePrivatePart) -join '.' }
    }
    catch {
        if ((Get-Code $_) -eq '0x80070002') { return $file }
        return Get-Fault $_
    }
    if ($most) {
        try {
            if ($item.Length -gt 4MB) { throw 'Too large' }
            $text = [string](Get-Content -LiteralPath $path -Raw -Encoding UTF8)
            if ($text.Length -gt $most) { $text = $text.Substring(0, $most) }
            $file.text = $text
        }
        catch { $file.text = Get-Fault $_ }
    }
    $file
}

function Read-Files($q) {
    @{ files = @(foreach ($asked in $q.paths) {
        $paths = Expand-Path $asked.Replace('/', '\')
        if ($paths -match '\*' -and (Test-Local $paths)) { $paths = (Get-Item -Path $paths -Force | Select-Object -First 50).FullName }
        if (-not $paths) { $paths = '%' }
        foreach ($path in $paths) {
            Assert-Limit
            $file = Read-File $path ($q.text_kb * 1024)
            if ($file.error) {
                $fault = $file
                $file = Read-File
                $file.exists = $fault
            }
            $file.asked = $asked
            $file
        }
    }) }
}

function Read-Calls($q, $target) {
    $said = @{}
    foreach ($call in $q.call) {
        Assert-Limit
        if ($call.name -cnotmatch $methods) { throw 'No such method' }
        $with = $target + @{ MethodName = $call.name }
        $given = @{}
        foreach ($one in $call.in.PSObject.Properties) { $given[$one.Name] = [uint32]$one.Value }
        if ($given.Count) { $with.Arguments = $given }
        try {
            $back = Invoke-CimMethod @with
            $out = @{}
            foreach ($one in $back.PSObject.Properties) {
                # Of a list only the length is kept: the key protectors' own names stay where they are.
                if ($one.Value -is [array] -or $one.Name -eq 'VolumeKeyProtectorID') { $out[$one.Name] = @{ count = @(@($one.Value) -ne $null).Count } }
                elseif ('ReturnValue', 'PSComputerName' -notcontains $one.Name) { Add-Entry $out $one.Name $one.Value }
            }
            $said[$call.name] = @{ return = Get-Plain $back.ReturnValue; out = $out }
        }
        catch {
            # Of a class that is not there nothing can be said.
            if ($q.static) { throw }
            $said[$call.name] = Get-Fault $_
        }
    }
    $said
}

function Read-Cim($q) {
    $where = @{ Namespace = $q.namespace; ClassName = $q.class }
    if ($q.static) { return @{ calls = Read-Calls $q $where } }
    if ($q.filter) { $where.Filter = $q.filter }
    $found = @(Get-CimInstance @where | Select-Object -First 501)
    @{ capped = $found.Count -gt 500; instances = @(foreach ($one in $found | Select-Object -First 500) {
        Assert-Limit
        # As the class has them: PowerShell puts readings of its own over some, which depend on the language or fail.
        $raw = @{}
        foreach ($own in $one.CimInstanceProperties) { $raw[$own.Name] = $own.Value }
        $props = @{}
        foreach ($name in $q.keep) { Add-Entry $props $name $raw[$name] }
        $paths = @{}
        foreach ($name in $q.paths) { $paths[$name] = Read-File (Expand-Path (Get-Program $raw[$name])) }
        @{ props = $props; calls = Read-Calls $q @{ InputObject = $one }; paths = $paths }
    }) }
}

function Read-Services($q) {
    $services = @{}
    foreach ($class in 'Service', 'SystemDriver') {
        foreach ($one in Get-CimInstance "Win32_$class") {
            $kind = ($class -replace 'System').ToLowerInvariant()
            foreach ($name in $q.names) {
                if ($one.Name -like $name) { $services[$one.Name.ToLowerInvariant()] = @{ name = $one.Name; kind = $kind; state = $one.State; start_mode = $one.StartMode; path = Get-Program $one.PathName } }
            }
        }
    }
    @{ services = $services }
}

function Read-Key($path, $q, $depth) {
    Assert-Limit
    $values = @{}
    $keys = @{}
    $found = @{ exists = $false; values = $values; keys = $keys }
    try { $key = Get-Item -LiteralPath $path }
    catch {
        if ((Get-Code $_) -eq '0x80070002') { return $found }
        throw
    }
    $found.exists = $true
    $names = $q.values
    if ($q.all) { $names = $key.Property }
    # Each by itself: a broken one spoils its neighbours.
    foreach ($name in $names) {
        $real = $name
        if (-not $name) { $real = '(default)' }
        $values[$name] = $null
        if ($key.Property -contains $real) {
            try { Add-Entry $values $name (Get-ItemProperty -LiteralPath $path -Name $real).$real }
            catch { $values[$name] = Get-Fault $_ }
        }
    }
    if ($depth) {
        foreach ($name in Get-ChildItem -LiteralPath $path -Name) {
            if ($script:left-- -lt 1) { break }
            # In quotes, since what came with the name would go into JSON as well.
            try { $keys["$name"] = Read-Key "$path\$name" $q ($depth - 1) }
            catch { $keys["$name"] = Get-Fault $_ }
        }
    }
    $found
}

function Read-Tree($path, $q) {
    $script:left = $q.at_most
    $tree = Read-Key "Registry::$path" $q $q.depth
    $tree.capped = $left -lt 0
    $tree
}

function Read-Registry($q) {
    $hive, $path = $q.key.Replace('/', '\') -split '\\', 2
    if ($hive -eq 'HKLM') { return Read-Tree "HKLM\$path" $q }
    # The hives of people, not of services: those that are loaded.
    $users = @{}
    foreach ($sid in Get-ChildItem -LiteralPath Registry::HKU -Name) {
        if ($sid -match '^S-1-(5-21|12-1)-[0-9-]+$') {
            try { $users["$sid"] = Read-Tree ("HKU\$sid" + $path.Substring(1)) $q }
            catch { $users["$sid"] = Get-Fault $_ }
        }
    }
    @{ users = $users }
}

function Read-Events($q) {
    $log = Get-WinEvent -ListLog $q.log
    $where = @{ LogName = $q.log; Id = $q.ids; StartTime = (Get-Date).AddDays(-$q.days) }
    if ($q.provider) { $where.ProviderName = $q.provider }
    if ($q.levels.Count) { $where.Level = $q.levels }
    try { $found = @(Get-WinEvent -FilterHashtable $where -MaxEvents ($q.at_most + 1)) }
    catch {
        if ($_.FullyQualifiedErrorId -notlike 'NoMatchingEventsFound*') { throw }
        $found = @()
    }
    @{ log_enabled = $log.IsEnabled; capped = $found.Count -gt $q.at_most; events = @(foreach ($one in $found | Select-Object -First $q.at_most) {
        Assert-Limit
        $data = @{}
        if ($q.fields) {
            foreach ($node in ([xml]$one.ToXml()).GetElementsByTagName('Data')) {
                $name = $node.GetAttribute('Name')
                if ($q.fields -contains $name) { Add-Entry $data $name $node.InnerText }
            }
        }
        @{ id = $one.Id; time = Get-Utc $one.TimeCreated; level = $one.Level; data = $data }
    }) }
}

# The update agent's lists are counted from 0.
function Get-Items($list) {
    for ($i = 0; $i -lt $list.Count; $i++) { $list.Item($i) }
}

# Nothing can limit the search once it has begun, so it comes last: in the bundle and here.
function Read-Updates($q) {
    $errors = @{}
    $answer = @{ missing = $null; result_code = $null; warnings = $null; history = @(); last_search = $null; last_install = $null; services = @(); errors = $errors }
    $session = New-Object -ComObject Microsoft.Update.Session
    $session.ClientApplicationID = 'scorecard'
    try {
        $results = (New-Object -ComObject Microsoft.Update.AutoUpdate).Results
        $answer.last_search = Get-Utc $results.LastSearchSuccessDate
        $answer.last_install = Get-Utc $results.LastInstallationSuccessDate
        $answer.services = @(Get-Items (New-Object -ComObject Microsoft.Update.ServiceManager).Services | ForEach-Object { $_.ServiceID })
    }
    catch { $errors.auto = Get-Code $_ }
    try { $agent = $session.CreateUpdateSearcher() }
    catch {
        $errors.search = $errors.history = Get-Code $_
        return $answer
    }
    try {
        $count = $agent.GetTotalHistoryCount()
        if ($count -gt 400) { $count = 400 }
        # Asking for none is an error.
        if ($count) {
            $answer.history = @(foreach ($one in Get-Items $agent.QueryHistory(0, $count)) {
                @{ title = $one.Title; date = Get-Utc $one.Date; operation = $one.Operation; result = $one.ResultCode; hresult = '0x{0:X8}' -f $one.HResult }
            })
        }
    }
    catch { $errors.history = Get-Code $_ }
    try {
        $agent.Online = $q.online
        $hidden = "IsInstalled=0 and Type='Software' and IsHidden"
        $result = $agent.Search("($hidden=0) or ($hidden=1)")
        $answer.missing = @(foreach ($one in Get-Items $result.Updates) {
            @{ title = $one.Title; id = $one.Identity.UpdateID; revision = $one.Identity.RevisionNumber; kbs = @(Get-Items $one.KBArticleIDs); severity = $one.MsrcSeverity; categories = @(Get-Items $one.Categories | ForEach-Object { $_.CategoryID }); hidden = $one.IsHidden; browse_only = $one.BrowseOnly; reboot = $one.InstallationBehavior.RebootBehavior; published = Get-Utc $one.LastDeploymentChangeTime; type = $one.Type }
        })
        $answer.result_code = $result.ResultCode
        $answer.warnings = $result.Warnings.Count
    }
    catch { $errors.search = Get-Code $_ }
    $answer
}

# What a piece of code gives, or the error.
function Get-Try($code) {
    try { & $code }
    catch { @{ error = Get-Code $_ } }
}

function Read-Machine {
    $answer = @{
        clock = Get-Utc (Get-Date)
        ps = [string]$PSVersionTable.PSVersion
        lang_mode = [string]$ExecutionContext.SessionState.LanguageMode
        # Whether the rights are in force: a filtered token still names the group.
        is_admin = Get-Try { ([Security.Principal.WindowsPrincipal][Security.Principal.WindowsIdentity]::GetCurrent()).IsInRole([Security.Principal.SecurityIdentifier]'S-1-5-32-544') }
        user = "$env:USERDOMAIN\$env:USERNAME"
        is_64bit = $env:PROCESSOR_ARCHITECTURE -ne 'x86'
        architecture = $env:PROCESSOR_ARCHITECTURE
        hostname = $env:COMPUTERNAME
        has_battery = Get-Try { @(Get-CimInstance Win32_Battery).Count -gt 0 }
    }
    $chassis = @(Get-Try { (Get-CimInstance Win32_SystemEnclosure).ChassisTypes })
    if ($chassis[0].error) { $chassis = $chassis[0] }
    $answer.chassis_types = $chassis
    $parts = @{
        'product_type caption version sku=OperatingSystemSKU booted=LastBootUpTime' = Get-Try { Get-CimInstance Win32_OperatingSystem }
        'manufacturer model hypervisor_present part_of_domain domain workgroup domain_role' = Get-Try { Get-CimInstance Win32_ComputerSystem }
        'build=CurrentBuildNumber ubr edition=EditionID installation_type display_version' = Get-Try { Get-ItemProperty -LiteralPath 'Registry::HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion' }
    }
    foreach ($names in $parts.Keys) {
        $from = $parts[$names]
        foreach ($pair in -split $names) {
            # Most are called as Windows calls them, but for the underscores.
            $to, $name = $pair -split '='
            if (-not $name) { $name = $to -replace '_' }
            $answer[$to] = $from
            if ($from -isnot [hashtable]) { $answer[$to] = Get-Plain $from.$name }
        }
    }
    $answer
}

function Read-Answer($q) {
    switch ($q.verb) {
        'machine' { Read-Machine }
        'cim' { Read-Cim $q }
        'registry' { Read-Registry $q }
        'services' { Read-Services $q }
        'files' { Read-Files $q }
        'events' { Read-Events $q }
        'updates' { Read-Updates $q }
        default { throw 'No such verb' }
    }
}

# One framed answer. The payload is a line of ASCII behind a bar, so that no payload can look like a frame.
function Write-Answer($q) {
    "$marker begin $($q.part)"
    $started = Get-Date
    $until = $started.AddSeconds($q.limit)
    # A damaged repository of WMI would never answer.
    $PSDefaultParameterValues = @{ '*-Cim*:OperationTimeoutSec' = $q.limit }
    $code = '0'
    try { $text = ConvertTo-Json (Read-Answer $q) -Depth 20 -Compress }
    catch {
        $code = Get-Code $_
        $text = ConvertTo-Json -Compress @{ error = @{ hresult = $code; message = $_.Exception.Message -replace '(?s)(?<=^.{300}).+' } }
    }
    while ($text -cmatch '[^\x20-\x7e]') { $text = $text.Replace($matches[0], ('\u{0:x4}' -f [int][char]$matches[0])) }
    $extent = 'whole'
    if ($text.Length -gt $q.size) {
        $text = $text.Substring(0, $q.size)
        $extent = 'cut'
    }
    "|$text"
    "$marker end $($q.part) $([uint32]$code) $([int]((Get-Date) - $started).TotalMilliseconds) $extent"
}

# Joined, not through Out-String, which would wrap a long line.
$asked = -join @($input) | ConvertFrom-Json
$marker = $asked.marker
if (-not $marker) { throw 'No questions' }
# What went before us on the line may lack its end, and a frame begins on a line of its own.
''
Write-Answer @{ part = 'engine.host'; verb = 'machine'; limit = 20; size = 200000 }
foreach ($question in $asked.questions) { Write-Answer $question }
"$marker done $($asked.questions.Count + 1)"
exit 0
