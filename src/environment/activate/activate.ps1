# Puts this environment in front of PATH. Read it from PowerShell: `. path/to/environment/bin/activate.ps1`.
# `deactivate` takes it back. The environment may have been moved: PowerShell knows where this file is.

function global:deactivate ([switch] $NonDestructive) {
    if (Test-Path Variable:_OLD_VIRTUAL_PATH) {
        $env:PATH = $global:_OLD_VIRTUAL_PATH
        Remove-Variable _OLD_VIRTUAL_PATH -Scope Global
    }
    if (Test-Path Variable:_OLD_VIRTUAL_PYTHONHOME) {
        $env:PYTHONHOME = $global:_OLD_VIRTUAL_PYTHONHOME
        Remove-Variable _OLD_VIRTUAL_PYTHONHOME -Scope Global
    }
    if (Test-Path Function:_lock2venv_prompt) {
        Copy-Item -Path Function:_lock2venv_prompt -Destination Function:prompt
        Remove-Item -Path Function:_lock2venv_prompt
    }
    Remove-Item Env:VIRTUAL_ENV, Env:VIRTUAL_ENV_PROMPT -ErrorAction SilentlyContinue
    if (-not $NonDestructive) {
        Remove-Item -Path Function:deactivate
    }
}

deactivate -NonDestructive

$env:VIRTUAL_ENV = Split-Path -Parent $PSScriptRoot

$global:_OLD_VIRTUAL_PATH = $env:PATH
$env:PATH = $PSScriptRoot + [System.IO.Path]::PathSeparator + $env:PATH

if ($env:PYTHONHOME) {
    $global:_OLD_VIRTUAL_PYTHONHOME = $env:PYTHONHOME
    Remove-Item Env:PYTHONHOME
}

$env:VIRTUAL_ENV_PROMPT = '@PROMPT@'
if (-not $env:VIRTUAL_ENV_PROMPT) {
    $env:VIRTUAL_ENV_PROMPT = Split-Path -Leaf $env:VIRTUAL_ENV
}
if (-not $env:VIRTUAL_ENV_DISABLE_PROMPT) {
    function global:_lock2venv_prompt { '' }
    Copy-Item -Path Function:prompt -Destination Function:_lock2venv_prompt
    function global:prompt {
        Write-Host -NoNewline "($env:VIRTUAL_ENV_PROMPT) "
        _lock2venv_prompt
    }
}
