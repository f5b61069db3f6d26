#!/bin/sh
# Stands in for a program: leaves its process number where guard.sh looks for it and becomes the program.
echo $$ >"$0.pid"
exec "${0%/*}/programs/${0##*/}" "$@"
