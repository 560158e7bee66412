@echo off
rem Forwards to tasks.py, which does the work and explains itself: make.bat help
rem All arguments at once: one by one, LOGDIR=C:\logs would have become two of them.
setlocal DisableDelayedExpansion
set "RUN=py -3"
where /q py || set "RUN=python"
if defined PYTHON set RUN="%PYTHON%"
%RUN% "%~dp0tasks.py" %*
exit /b %ERRORLEVEL%
