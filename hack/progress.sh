#!/usr/bin/env bash
# progress.sh [-t SECONDS] LABEL COMMAND...: runs COMMAND and says, every 15 seconds, how far it is: the latest line of
# its stderr, which is kept back and shown only if it fails. Its stdout passes through. Ends it after SECONDS.
set -euo pipefail

limit=0
if [[ $1 == -t ]]; then
	limit=$2
	shift 2
fi
label=$1
shift

log=$(mktemp)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -f "$log"' EXIT
trap 'exit 130' INT TERM

SECONDS=0
"$@" 2>"$log" &
said=-13 # so that the first line comes after two seconds
while [[ -n $(jobs -r) ]]; do
	sleep 0.2
	if ((limit > 0 && SECONDS >= limit)); then
		echo "  $label: no end within $limit s, given up" >&2
		exit 124
	fi
	if ((SECONDS >= said + 15)); then
		said=$SECONDS
		printf '  %s: %d min %02d s  %s\n' "$label" $((SECONDS / 60)) $((SECONDS % 60)) "$(tail -n 1 "$log" | cut -c 1-100)" >&2
	fi
done
status=0
wait $! || status=$?
if ((status != 0)); then
	echo "  $label: failed (status $status)" >&2
	tail -n 30 "$log" >&2
fi
exit "$status"
