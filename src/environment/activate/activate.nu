# Puts this environment in front of PATH. Use it from nushell 0.101 or newer: `overlay use path/to/environment/bin/activate.nu`.
# `deactivate` takes it back. The environment may have been moved: this file asks nushell where it is.

const root = path self ..

export-env {
    let prompt = if ('@PROMPT@' | is-empty) { $root | path basename } else { '@PROMPT@' }
    let name = if ($nu.os-info.name == 'windows') and ('Path' in $env) { 'Path' } else { 'PATH' }
    let before = $env | get $name
    load-env {
        $name: ($before | split row (char esep) | prepend ($root | path join 'bin'))
        VIRTUAL_ENV: $root
        VIRTUAL_ENV_PROMPT: $prompt
    }
    if ($env.VIRTUAL_ENV_DISABLE_PROMPT? | is-empty) {
        let own = $env.PROMPT_COMMAND?
        $env.PROMPT_COMMAND = {||
            let rest = if ($own | describe) == 'closure' { do $own } else { $own | default '' }
            $'(char lparen)($prompt)(char rparen) ($rest)'
        }
    }
}

export alias deactivate = overlay hide activate
