# Puts this environment in front of PATH. Read it from csh or tcsh: `source path/to/environment/bin/activate.csh`.
# `deactivate` takes it back. The environment may have been moved: the shell keeps this file open, which Linux shows, and an
# interactive shell also knows the line that named it. Where neither helps, the environment is taken to be where it was made.

set _lock2venv_line = ($_)

# A variable in the body of `if` has to exist even where the body is not reached; behind `&&` it does not.
alias deactivate 'test $?_OLD_VIRTUAL_PATH != 0 && setenv PATH "$_OLD_VIRTUAL_PATH" && unset _OLD_VIRTUAL_PATH; test $?_OLD_VIRTUAL_PROMPT != 0 && set prompt = "$_OLD_VIRTUAL_PROMPT" && unset _OLD_VIRTUAL_PROMPT; unsetenv VIRTUAL_ENV; unsetenv VIRTUAL_ENV_PROMPT; rehash; test "\!:*" == nondestructive || unalias deactivate'

deactivate nondestructive

set _lock2venv_file = ""
if (-d /proc/$$/fd) then
    foreach _lock2venv_open (/proc/$$/fd/*)
        set _lock2venv_open = "`readlink $_lock2venv_open`"
        if ("$_lock2venv_open" =~ */bin/activate.csh) set _lock2venv_file = "$_lock2venv_open"
    end
    unset _lock2venv_open
endif
if ("$_lock2venv_file" == "" && $#_lock2venv_line > 1) set _lock2venv_file = "$_lock2venv_line[2-]"
if ("$_lock2venv_file" !~ /*) set _lock2venv_file = "$cwd/$_lock2venv_file"
set _lock2venv_file = "$_lock2venv_file:h"
setenv VIRTUAL_ENV "$_lock2venv_file:h"
if (! -f "$VIRTUAL_ENV/pyvenv.cfg") setenv VIRTUAL_ENV @ROOT@
unset _lock2venv_line _lock2venv_file

set _OLD_VIRTUAL_PATH = "$PATH"
setenv PATH "$VIRTUAL_ENV/bin:$PATH"

setenv VIRTUAL_ENV_PROMPT @PROMPT@
if ("$VIRTUAL_ENV_PROMPT" == "") setenv VIRTUAL_ENV_PROMPT "$VIRTUAL_ENV:t"
if (! $?VIRTUAL_ENV_DISABLE_PROMPT && $?prompt) then
    set _OLD_VIRTUAL_PROMPT = "$prompt"
    set prompt = "($VIRTUAL_ENV_PROMPT) $prompt"
endif

rehash
