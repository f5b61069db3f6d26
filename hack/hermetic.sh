#!/usr/bin/env bash
# hermetic.sh [--kubectl] COMMAND...: runs COMMAND with the control plane's binaries in KUBEBUILDER_ASSETS and without
# any AWS_* variable of the surroundings.
set -euo pipefail

want=()
if [[ $1 == --kubectl ]]; then
	want+=("$1")
	shift
fi
KUBEBUILDER_ASSETS=$("$(dirname "${BASH_SOURCE[0]}")/controlplane.sh" ${want[@]+"${want[@]}"})
export KUBEBUILDER_ASSETS
for name in "${!AWS_@}"; do
	unset "$name"
done
exec "$@"
