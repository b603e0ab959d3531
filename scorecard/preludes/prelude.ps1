# scorecard: a read-only look at this machine, for Windows PowerShell 4.0 and 5.1. It answers the questions that come as
# one JSON document on standard input. It changes nothing, installs nothing, writes no file, calls no other machine and
# makes no code out of text. What Constrained Language Mode forbids ends as code 77, and the other questions go on.
# Sent without comments and indentation as -EncodedCommand: the same text for every machine, so that it can be allowed.
#
# Two rules of this file: a function that may have nothing to say says $null, for nothing at all becomes {} in JSON; and
# no function hands on a list, for a list that passed a pipeline whole becomes {"value": [...], "Count": n}.
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$WarningPreference = 'SilentlyContinue'

# The methods that are ever called: they read and change nothing. A name that is not here ends the question.
$methods = 'GetProtectionStatus', 'GetConversionStatus', 'GetEncryptionMethod', 'GetLockStatus', 'GetKeyProtectors', 'GetSuspendCount', 'GetHardwareEncryptionStatus', 'GetVersion', 'DetermineIfRebootPending'

# What went wrong, as the HRESULT; 77: the language mode forbids it, 124: the question's time is up.
function Get-Code($failure) {
    $id = [string]$failure.FullyQualifiedErrorId
    if ($id -match 'ConstrainedLanguage|CoreTypes') { return 77 }
    if ($id -eq 'limit') { return 124 }
    # CIM says it here; the exception's own HResult is the same for all its errors.
    if ($id -match 'HRESULT (0x[0-9a-f]{1,8})\b') { return [uint32]$matches[1] }
    # Other accounts' logs: the right to look is missing, and so is the reason in the exception.
    if ($id -match '^LogInfoUnavailable') { return [uint32]'0x80070005' }
    $cause = $failure.Exception
    while ($cause.InnerException) { $cause = $cause.InnerException }
    if ($cause.StatusCode) { return [uint32]$cause.StatusCode }
    $code = [uint32]('0x{0:X8}' -f [int]$cause.HResult)
    # Exceptions of .NET itself (0x8013....) say less than the category.
    if ($code -lt [uint32]'0x80130000' -or $code -gt [uint32]'0x8013FFFF') { return $code }
    $category = [string]$failure.CategoryInfo.Category
    if ($category -eq 'PermissionDenied') { return [uint32]'0x80070005' }
    if ($category -eq 'ObjectNotFound' -or $id -match '^NoMatching(Logs|Providers)Found') { return [uint32]'0x80070002' }
    $code
}

function Test-Missing($failure) {
    [string]$failure.CategoryInfo.Category -eq 'ObjectNotFound'
}

# An error in the place of a value. What ends the whole question is thrown on.
function Get-ErrorValue($failure) {
    $code = Get-Code $failure
    if (77, 124 -contains $code) { throw $failure }
    @{ error = '0x{0:X8}' -f $code }
}

function Assert-Limit {
    if ((Get-Date) -gt $script:until) { throw 'limit' }
}

# UTC. The update agent's times are UTC and do not say so; before 1990 means never.
function Convert-Time($time) {
    if ($time -isnot [datetime] -or $time.Year -lt 1990) { return $null }
    if ([string]$time.Kind -eq 'Local') { $time = $time.ToUniversalTime() }
    $time.ToString('s') + 'Z'
}

# A single value as JSON can hold it.
function Convert-Value($value) {
    if ($null -eq $value) { return $null }
    if ($value -is [datetime]) { return Convert-Time $value }
    if ($value -is [string] -or $value -is [char]) { return ([string]$value).Replace([string][char]0, '') }
    if ($value -is [bool] -or [string]$value -match '^-?[0-9]+(\.[0-9]+)?(E[+-]?[0-9]+)?$') { return $value }
    @{ error = '0x80041005' }
}

function Add-Entry($table, $name, $value) {
    if ($value -is [byte[]]) {
        $table[$name] = @{ hex = -join @($value | Select-Object -First 64 | ForEach-Object { '{0:x2}' -f $_ }) }
    }
    elseif ($value -is [array]) { $table[$name] = @($value | ForEach-Object { Convert-Value $_ }) }
    else { $table[$name] = Convert-Value $value }
}

# --- files ---

# Puts the values of %VARIABLES% in; one that is not set stays as it is.
function Expand-Path($path) {
    foreach ($found in [regex]::Matches($path, '%[^%]+%')) {
        $variable = Get-Item -LiteralPath ('env:' + $found.Value.Trim('%')) -ErrorAction SilentlyContinue
        if ($variable) { $path = $path.Replace($found.Value, [string]$variable.Value) }
    }
    $path
}

# From a service's command line, or a path as drivers have it, to the file that is meant.
function Find-Program($text) {
    $path = [string]$text
    if ($path -match '^\s*"([^"]+)"') { $path = $matches[1] }
    elseif ($path -match '^(.+?\.(exe|sys|dll))(\s|$)') { $path = $matches[1] }
    $path = $path -replace '^\\\?\?\\', '' -replace '^(\\SystemRoot\\|(?=system32\\))', '%SystemRoot%\'
    Expand-Path $path
}

# Only on drives of this machine: what lies on another one is not asked.
function Test-Local($path) {
    if ($null -eq $script:drives) {
        $disks = Get-CimInstance -ClassName Win32_LogicalDisk -Filter 'DriveType=3' -OperationTimeoutSec 20
        $script:drives = @($disks | ForEach-Object { [string]$_.DeviceID })
    }
    $path -match '^[a-z]:\\' -and $script:drives -contains $path.Substring(0, 2)
}

function Read-File($path) {
    $about = @{ exists = $false; size = $null; modified = $null; version = $null }
    if (-not $path -or $path -match '%') { return $about }
    if (-not (Test-Local $path)) { return @{ error = '0x800700A1' } }
    try { $file = Get-Item -LiteralPath $path -Force }
    catch {
        if (Test-Missing $_) { return $about }
        return Get-ErrorValue $_
    }
    $about.exists = $true
    $about.modified = Convert-Time $file.LastWriteTimeUtc
    if ($file.PSIsContainer) { return $about }
    $about.size = $file.Length
    # A link is not followed.
    if ([int]$file.Attributes -band 1024) { return $about }
    $info = $file.VersionInfo
    if ($info.FileVersion) {
        $about.version = '{0}.{1}.{2}.{3}' -f $info.FileMajorPart, $info.FileMinorPart, $info.FileBuildPart, $info.FilePrivatePart
    }
    $about
}

function Read-Text($path, $file, $kilobytes) {
    if ($file.size -gt 4MB) { return @{ error = '0x800700DF' } }
    try { $text = [string](Get-Content -LiteralPath $path -Raw -Encoding UTF8) }
    catch { return Get-ErrorValue $_ }
    if ($text.Length -gt 1024 * $kilobytes) { $text = $text.Substring(0, 1024 * $kilobytes) }
    $text
}

function Read-Files($question) {
    $files = @(foreach ($asked in $question.paths) {
        $wanted = Expand-Path ($asked.Replace('/', '\'))
        $paths = @($wanted)
        if ($wanted -match '\*' -and (Test-Local $wanted)) {
            $paths = @(Get-Item -Path $wanted -Force | Select-Object -First 50 | ForEach-Object { [string]$_.FullName })
            if (-not $paths) { $paths = @('') }
        }
        foreach ($path in $paths) {
            Assert-Limit
            $entry = Read-File $path
            if ($entry.error) { $entry = @{ exists = $entry; size = $null; modified = $null; version = $null } }
            $entry.asked = $asked
            $entry.path = $null
            $entry.text = $null
            if ($entry.exists -eq $true) { $entry.path = $path }
            if ($question.text_kb -and $null -ne $entry.size) { $entry.text = Read-Text $path $entry $question.text_kb }
            $entry
        }
    })
    @{ files = $files }
}

# --- CIM ---

function Read-Calls($question, $target) {
    $answers = @{}
    foreach ($call in $question.call) {
        Assert-Limit
        if ($methods -cnotcontains $call.name) { throw 'This method is not on the list of those that only read' }
        $with = $target + @{ MethodName = $call.name; OperationTimeoutSec = $question.limit }
        $given = @{}
        foreach ($argument in $call.in.PSObject.Properties) { $given[$argument.Name] = [uint32]$argument.Value }
        if ($given.Count) { $with.Arguments = $given }
        try {
            $back = Invoke-CimMethod @with
            $out = @{}
            foreach ($value in $back.PSObject.Properties) {
                # Of a list only the length is kept: the identifiers of key protectors stay where they are.
                if ($value.Value -is [array] -or $value.Name -eq 'VolumeKeyProtectorID') {
                    $out[$value.Name] = @{ count = @($value.Value | Where-Object { $null -ne $_ }).Count }
                }
                elseif ('ReturnValue', 'PSComputerName' -notcontains $value.Name) { Add-Entry $out $value.Name $value.Value }
            }
            $answers[$call.name] = @{ return = Convert-Value $back.ReturnValue; out = $out }
        }
        catch { $answers[$call.name] = Get-ErrorValue $_ }
    }
    $answers
}

function Read-Cim($question) {
    $where = @{ Namespace = $question.namespace; ClassName = $question.class }
    if ($question.static) { return @{ calls = Read-Calls $question $where } }
    if ($question.filter) { $where.Filter = $question.filter }
    $found = @(Get-CimInstance @where -OperationTimeoutSec $question.limit | Select-Object -First 501)
    $instances = @(foreach ($one in @($found | Select-Object -First 500)) {
        Assert-Limit
        $props = @{}
        foreach ($name in $question.keep) { Add-Entry $props $name $one.$name }
        $paths = @{}
        foreach ($name in $question.paths) { $paths[$name] = Read-File (Find-Program $one.$name) }
        @{ props = $props; calls = Read-Calls $question @{ InputObject = $one }; paths = $paths }
    })
    @{ instances = $instances; capped = $found.Count -gt 500 }
}

function Read-Services($question) {
    $services = @{}
    foreach ($class in 'Win32_Service', 'Win32_SystemDriver') {
        $kind = 'service'
        if ($class -eq 'Win32_SystemDriver') { $kind = 'driver' }
        foreach ($one in Get-CimInstance -ClassName $class -OperationTimeoutSec $question.limit) {
            $name = [string]$one.Name
            if (@($question.names | Where-Object { $name -like $_ })) {
                $services[$name.ToLowerInvariant()] = @{ name = $name; kind = $kind; state = $one.State; start_mode = $one.StartMode; path = $one.PathName }
            }
        }
    }
    @{ services = $services }
}

# --- registry ---

function Read-Key($path, $question, $depth) {
    Assert-Limit
    $found = @{ exists = $false; values = @{}; keys = @{} }
    try { $key = Get-Item -LiteralPath $path }
    catch {
        if (Test-Missing $_) { return $found }
        throw
    }
    $found.exists = $true
    # One read for all values; where a broken one spoils it, each by itself.
    try { $all = Get-ItemProperty -LiteralPath $path }
    catch { $all = $null }
    $names = $question.values
    if ($question.all) { $names = $key.Property }
    foreach ($name in $names) {
        $real = $name
        if (-not $name) { $real = '(default)' }
        $found.values[$name] = $null
        if ($key.Property -notcontains $real) { continue }
        try {
            $from = $all
            if ($null -eq $from) { $from = Get-ItemProperty -LiteralPath $path -Name $real }
            Add-Entry $found.values $name $from.$real
        }
        catch { $found.values[$name] = Get-ErrorValue $_ }
    }
    if ($depth -gt 0) {
        foreach ($child in @(Get-ChildItem -LiteralPath $path -Name)) {
            if ($script:left -le 0) {
                $script:capped = $true
                break
            }
            $script:left--
            # The provider puts a backtick before brackets.
            $name = $child -replace '`([][*?])', '$1'
            try { $found.keys[$name] = Read-Key "$path\$name" $question ($depth - 1) }
            catch { $found.keys[$name] = Get-ErrorValue $_ }
        }
    }
    $found
}

function Read-Tree($path, $question) {
    $script:left = $question.at_most
    $script:capped = $false
    $tree = Read-Key $path $question $question.depth
    $tree.capped = $script:capped
    $tree
}

function Read-Registry($question) {
    $path = $question.key.Replace('/', '\')
    if ($path -match '^HKLM\\(.+)') { return Read-Tree ('Registry::HKEY_LOCAL_MACHINE\' + $matches[1]) $question }
    if ($path -notmatch '^HKU\\\*\\(.+)') { throw 'This is not a key that is read' }
    $below = $matches[1]
    $users = @{}
    foreach ($sid in @(Get-ChildItem -LiteralPath Registry::HKEY_USERS -Name)) {
        if ($sid -notmatch '^S-1-(5-21|12-1)-[0-9-]+$') { continue }
        try { $users[$sid] = Read-Tree "Registry::HKEY_USERS\$sid\$below" $question }
        catch { $users[$sid] = Get-ErrorValue $_ }
    }
    @{ users = $users }
}

# --- events ---

function Read-Events($question) {
    $log = Get-WinEvent -ListLog $question.log
    $since = (Get-Date).AddDays(-$question.days)
    $where = @{ LogName = $question.log; Id = @($question.ids); StartTime = $since }
    if ($question.provider) { $where.ProviderName = $question.provider }
    if ($question.levels) { $where.Level = @($question.levels) }
    try { $found = @(Get-WinEvent -FilterHashtable $where -MaxEvents ($question.at_most + 1)) }
    catch {
        if ([string]$_.FullyQualifiedErrorId -notmatch '^NoMatchingEventsFound') { throw }
        $found = @()
    }
    $events = @(foreach ($one in @($found | Select-Object -First $question.at_most)) {
        Assert-Limit
        $data = @{}
        if ($question.fields) {
            $nodes = ([xml]$one.ToXml()).SelectNodes("/*/*[local-name()='EventData']/*|/*/*[local-name()='UserData']/*/*")
            foreach ($node in $nodes) {
                $name = $node.GetAttribute('Name')
                if (-not $name) { $name = $node.LocalName }
                if ($question.fields -contains $name) { Add-Entry $data $name $node.InnerText }
            }
        }
        @{ id = $one.Id; time = Convert-Time $one.TimeCreated; level = $one.Level; data = $data }
    })
    @{ events = $events; capped = $found.Count -gt $question.at_most; log_enabled = $log.IsEnabled }
}

# --- the update agent ---

# Its lists are counted from 0.
function Get-Items($list) {
    for ($i = 0; $i -lt $list.Count; $i++) { $list.Item($i) }
}

function Get-CodeText($failure) {
    (Get-ErrorValue $failure).error
}

function Read-Missing($searcher, $answer) {
    $hidden = "IsInstalled=0 and Type='Software' and IsHidden"
    $result = $searcher.Search("($hidden=0) or ($hidden=1)")
    $answer.result_code = [int]$result.ResultCode
    $answer.warnings = [int]$result.Warnings.Count
    $answer.missing = @(foreach ($one in Get-Items $result.Updates) {
        $severity = $null
        if ($one.MsrcSeverity) { $severity = [string]$one.MsrcSeverity }
        @{
            title = [string]$one.Title
            id = [string]$one.Identity.UpdateID
            revision = [int]$one.Identity.RevisionNumber
            kbs = @(Get-Items $one.KBArticleIDs | ForEach-Object { [string]$_ })
            severity = $severity
            categories = @(Get-Items $one.Categories | ForEach-Object { [string]$_.CategoryID })
            hidden = [bool]$one.IsHidden
            browse_only = [bool]$one.BrowseOnly
            reboot = [int]$one.InstallationBehavior.RebootBehavior
            published = Convert-Time $one.LastDeploymentChangeTime
            type = [int]$one.Type
        }
    })
}

function Read-History($searcher, $answer) {
    $count = $searcher.GetTotalHistoryCount()
    if ($count -lt 1) { return }
    if ($count -gt 400) { $count = 400 }
    $answer.history = @(foreach ($one in Get-Items $searcher.QueryHistory(0, $count)) {
        $hresult = '0x{0:X8}' -f [int]$one.HResult
        @{ title = [string]$one.Title; date = Convert-Time $one.Date; operation = [int]$one.Operation; result = [int]$one.ResultCode; hresult = $hresult }
    })
}

# Nothing can limit the search once it has begun, so it comes last: in the bundle and here.
function Read-Updates($question) {
    $errors = @{}
    $answer = @{ missing = $null; result_code = $null; warnings = $null; history = @(); last_search = $null; last_install = $null; services = @(); errors = $errors }
    $agent = Get-CimInstance -ClassName Win32_Service -Filter "Name='wuauserv'" -OperationTimeoutSec 20
    if ($agent.StartMode -eq 'Disabled') {
        foreach ($stage in 'search', 'history', 'auto') { $errors[$stage] = '0x80070422' }
        return $answer
    }
    $session = New-Object -ComObject Microsoft.Update.Session
    $session.ClientApplicationID = 'IT partner scorecard'
    try {
        $results = (New-Object -ComObject Microsoft.Update.AutoUpdate).Results
        $answer.last_search = Convert-Time $results.LastSearchSuccessDate
        $answer.last_install = Convert-Time $results.LastInstallationSuccessDate
    }
    catch { $errors.auto = Get-CodeText $_ }
    try {
        $registered = (New-Object -ComObject Microsoft.Update.ServiceManager).Services
        $answer.services = @(Get-Items $registered | ForEach-Object { [string]$_.ServiceID })
    }
    catch { $errors.services = Get-CodeText $_ }
    try {
        $searcher = $session.CreateUpdateSearcher()
        $searcher.Online = [bool]$question.online
    }
    catch {
        $errors.search = $errors.history = Get-CodeText $_
        return $answer
    }
    try { Read-History $searcher $answer }
    catch { $errors.history = Get-CodeText $_ }
    try { Read-Missing $searcher $answer }
    catch { $errors.search = Get-CodeText $_ }
    $answer
}

# --- programs ---

function Read-Command($question) {
    if ($question.name -cne 'dsregcmd') { throw 'This program is not on the list' }
    $lines = @(& "$env:SystemRoot\System32\dsregcmd.exe" /status)
    @{ exit = $LASTEXITCODE; text = $lines -join "`n" }
}

# --- the machine itself ---

# The only instance of a class, or the error that asking for it gave.
function Get-Only($class) {
    try { Get-CimInstance -ClassName $class -OperationTimeoutSec 15 | Select-Object -First 1 }
    catch { Get-ErrorValue $_ }
}

function Get-Field($from, $name) {
    if ($from -is [hashtable]) { return $from }
    Convert-Value $from.$name
}

# Of our rights in force: a filtered token still names the group. Without .NET the integrity level tells.
function Test-Admin {
    try {
        $me = [Security.Principal.WindowsPrincipal][Security.Principal.WindowsIdentity]::GetCurrent()
        return $me.IsInRole([Security.Principal.SecurityIdentifier]'S-1-5-32-544')
    }
    catch {
        $groups = -join @(& "$env:SystemRoot\System32\whoami.exe" /groups)
        $groups -match 'S-1-5-32-544\b' -and $groups -match 'S-1-16-(12288|16384)\b'
    }
}

function Read-Machine {
    $os = Get-Only Win32_OperatingSystem
    $system = Get-Only Win32_ComputerSystem
    try { $named = Get-ItemProperty -LiteralPath 'Registry::HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion' }
    catch { $named = Get-ErrorValue $_ }
    try {
        $cases = Get-CimInstance -ClassName Win32_SystemEnclosure -OperationTimeoutSec 15
        $chassis = @($cases | ForEach-Object { $_.ChassisTypes } | ForEach-Object { [int]$_ })
    }
    catch { $chassis = Get-ErrorValue $_ }
    try { $battery = @(Get-CimInstance -ClassName Win32_Battery -OperationTimeoutSec 15).Count -gt 0 }
    catch { $battery = Get-ErrorValue $_ }
    try { $admin = Test-Admin }
    catch { $admin = @{ error = '0x{0:X8}' -f (Get-Code $_) } }
    $architecture = $env:PROCESSOR_ARCHITEW6432
    if (-not $architecture) { $architecture = $env:PROCESSOR_ARCHITECTURE }
    $answer = @{
        clock = Convert-Time (Get-Date)
        ps = [string]$PSVersionTable.PSVersion
        lang_mode = [string]$ExecutionContext.SessionState.LanguageMode
        is_admin = $admin
        user = "$env:USERDOMAIN\$env:USERNAME"
        is_64bit = $env:PROCESSOR_ARCHITECTURE -ne 'x86'
        architecture = $architecture
        hostname = $env:COMPUTERNAME
        chassis_types = $chassis
        has_battery = $battery
        build = Get-Field $named CurrentBuildNumber
        ubr = Get-Field $named UBR
        edition = Get-Field $named EditionID
        installation_type = Get-Field $named InstallationType
        display_version = Get-Field $named DisplayVersion
        product_type = Get-Field $os ProductType
        caption = Get-Field $os Caption
        version = Get-Field $os Version
        sku = Get-Field $os OperatingSystemSKU
        booted = Get-Field $os LastBootUpTime
        manufacturer = Get-Field $system Manufacturer
        model = Get-Field $system Model
        hypervisor_present = Get-Field $system HypervisorPresent
        part_of_domain = Get-Field $system PartOfDomain
        domain = Get-Field $system Domain
        workgroup = Get-Field $system Workgroup
        domain_role = Get-Field $system DomainRole
    }
    $answer
}

# --- asking and answering ---

function Read-Answer($question) {
    # A 32-bit process would be shown another registry and other folders.
    if ($env:PROCESSOR_ARCHITEW6432 -and 'registry', 'files' -contains $question.verb) { throw 'This is a 32-bit process on 64-bit Windows' }
    switch ($question.verb) {
        'machine' { return Read-Machine }
        'cim' { return Read-Cim $question }
        'registry' { return Read-Registry $question }
        'services' { return Read-Services $question }
        'files' { return Read-Files $question }
        'events' { return Read-Events $question }
        'updates' { return Read-Updates $question }
        'command' { return Read-Command $question }
    }
    throw 'There is no such verb'
}

# One framed answer. The payload is a line of ASCII behind a bar, so that no payload can look like a frame.
function Write-Answer($question) {
    $part = $question.part
    "$marker begin $part"
    $started = Get-Date
    $script:until = $started.AddSeconds($question.limit)
    $code = 0
    try { $text = ConvertTo-Json -InputObject (Read-Answer $question) -Depth 20 -Compress }
    catch {
        $code = Get-Code $_
        $message = [string]$_.Exception.Message
        if ($message.Length -gt 300) { $message = $message.Substring(0, 300) }
        $text = ConvertTo-Json -InputObject @{ error = @{ hresult = '0x{0:X8}' -f $code; message = $message } } -Compress
    }
    while ($text -cmatch '[^\x20-\x7e]') { $text = $text.Replace($matches[0], ('\u{0:x4}' -f [int][char]$matches[0])) }
    $extent = 'whole'
    if ($text.Length -gt $question.size) {
        $text = $text.Substring(0, $question.size)
        $extent = 'cut'
    }
    "|$text"
    $took = [int]((Get-Date) - $started).TotalMilliseconds
    "$marker end $part $code $took $extent"
}

# Joined, not through Out-String, which would wrap a long line.
$asked = -join @($input) | ConvertFrom-Json
$marker = $asked.marker
$parts = 1
# What went before us on the line may lack its end, and a frame begins on a line of its own.
''
Write-Answer @{ part = 'engine.host'; verb = 'machine'; limit = 60; size = 200000 }
foreach ($question in $asked.questions) {
    Write-Answer $question
    $parts++
}
"$marker done $parts"
exit 0
