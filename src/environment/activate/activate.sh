# Puts this environment in front of PATH. Read it, do not run it, from bash, zsh, ksh, dash or another POSIX shell:
#
#     . path/to/environment/bin/activate
#
# `deactivate` takes it back. The environment may have been moved: this file asks the shell where it is.

deactivate () {
    if [ -n "${_OLD_VIRTUAL_PATH:-}" ]; then
        PATH="$_OLD_VIRTUAL_PATH"
        export PATH
        unset _OLD_VIRTUAL_PATH
    fi
    if [ -n "${_OLD_VIRTUAL_PYTHONHOME:-}" ]; then
        PYTHONHOME="$_OLD_VIRTUAL_PYTHONHOME"
        export PYTHONHOME
        unset _OLD_VIRTUAL_PYTHONHOME
    fi
    if [ -n "${_OLD_VIRTUAL_PS1+set}" ]; then
        PS1="$_OLD_VIRTUAL_PS1"
        unset _OLD_VIRTUAL_PS1
    fi
    unset VIRTUAL_ENV VIRTUAL_ENV_PROMPT
    # Programs that the shell remembers may be those of the environment.
    hash -r 2>/dev/null || true
    if [ "${1:-}" != nondestructive ]; then
        unset -f deactivate
    fi
}

deactivate nondestructive

# Only bash, zsh and ksh name the file that they are reading. The other shells keep it open, which Linux shows; the file read
# last is the one with the highest number. Where that fails too, the environment is taken to be where it was made.
if [ -n "${BASH_VERSION:-}" ]; then
    _lock2venv_file="${BASH_SOURCE[0]}"
elif [ -n "${ZSH_VERSION:-}" ]; then
    _lock2venv_file="${(%):-%x}"
elif [ -n "${KSH_VERSION:-}" ] && [ -z "${KSH_VERSION##*93*}" ]; then
    _lock2venv_file="${.sh.file}"
else
    _lock2venv_file=
    for _lock2venv_open in /proc/$$/fd/*; do
        _lock2venv_open="$(readlink "$_lock2venv_open" 2>/dev/null)" || continue
        case "$_lock2venv_open" in
            */bin/activate) _lock2venv_file="$_lock2venv_open" ;;
        esac
    done
    unset _lock2venv_open
fi
VIRTUAL_ENV="$(CDPATH='' cd "$(dirname "$_lock2venv_file")/.." >/dev/null 2>&1 && pwd)" || VIRTUAL_ENV=
if [ -z "$_lock2venv_file" ] || [ ! -f "$VIRTUAL_ENV/pyvenv.cfg" ]; then
    VIRTUAL_ENV=@ROOT@
fi
export VIRTUAL_ENV
unset _lock2venv_file

_OLD_VIRTUAL_PATH="${PATH:-}"
PATH="$VIRTUAL_ENV/bin${PATH:+:$PATH}"
export PATH

if [ -n "${PYTHONHOME:-}" ]; then
    _OLD_VIRTUAL_PYTHONHOME="$PYTHONHOME"
    unset PYTHONHOME
fi

VIRTUAL_ENV_PROMPT=@PROMPT@
if [ -z "$VIRTUAL_ENV_PROMPT" ]; then
    VIRTUAL_ENV_PROMPT="${VIRTUAL_ENV##*/}"
fi
export VIRTUAL_ENV_PROMPT
if [ -z "${VIRTUAL_ENV_DISABLE_PROMPT:-}" ]; then
    _OLD_VIRTUAL_PS1="${PS1:-}"
    PS1="($VIRTUAL_ENV_PROMPT) ${PS1:-}"
fi

hash -r 2>/dev/null || true
