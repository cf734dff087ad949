# Puts this environment in front of PATH. Read it from fish: `source path/to/environment/bin/activate.fish`.
# `deactivate` takes it back. The environment may have been moved: this file asks fish where it is.

function deactivate -d "Take the active Python environment out of PATH"
    if set -q _OLD_VIRTUAL_PATH
        set -gx PATH $_OLD_VIRTUAL_PATH
        set -e _OLD_VIRTUAL_PATH
    end
    if set -q _OLD_VIRTUAL_PYTHONHOME
        set -gx PYTHONHOME $_OLD_VIRTUAL_PYTHONHOME
        set -e _OLD_VIRTUAL_PYTHONHOME
    end
    if functions -q _lock2venv_prompt
        functions -e fish_prompt
        functions -c _lock2venv_prompt fish_prompt
        functions -e _lock2venv_prompt _lock2venv_status
    end
    set -e VIRTUAL_ENV
    set -e VIRTUAL_ENV_PROMPT
    if test "$argv[1]" != nondestructive
        functions -e deactivate
    end
end

deactivate nondestructive

set -gx VIRTUAL_ENV (builtin realpath (dirname (status filename))/..)

set -g _OLD_VIRTUAL_PATH $PATH
set -gx PATH $VIRTUAL_ENV/bin $PATH

if set -q PYTHONHOME
    set -g _OLD_VIRTUAL_PYTHONHOME $PYTHONHOME
    set -e PYTHONHOME
end

set -gx VIRTUAL_ENV_PROMPT @PROMPT@
if test -z "$VIRTUAL_ENV_PROMPT"
    set -gx VIRTUAL_ENV_PROMPT (basename $VIRTUAL_ENV)
end
if test -z "$VIRTUAL_ENV_DISABLE_PROMPT"; and functions -q fish_prompt
    functions -c fish_prompt _lock2venv_prompt
    function _lock2venv_status
        return $argv[1]
    end
    function fish_prompt
        # The prompt may show how the last command ended.
        set -l last_status $status
        printf '(%s) ' $VIRTUAL_ENV_PROMPT
        _lock2venv_status $last_status
        _lock2venv_prompt
    end
end
