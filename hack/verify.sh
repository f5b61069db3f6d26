#!/usr/bin/env bash
# verify.sh: fails if generated files or go.mod are not up to date, a kustomization does not build or the linter objects.
# It compares the working copy before and after, untracked files included, so that it also works on uncommitted changes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# snapshot: the working copy as a git tree, written through an index of its own.
snapshot() {
	GIT_INDEX_FILE=$scratch/index git add --all .
	GIT_INDEX_FILE=$scratch/index git write-tree
}

before=$(snapshot)
make --no-print-directory generate
after=$(snapshot)
if [[ $before != "$after" ]]; then
	git --no-pager diff --stat "$before" "$after"
	echo "verify: the files above were not up to date; they are now: commit them." >&2
	exit 1
fi

for module in . hack/tools hack/controlplane; do
	hack/progress.sh "checking $module/go.mod" go -C "$module" mod tidy -diff || {
		echo "verify: run 'go -C $module mod tidy' and commit the result." >&2
		exit 1
	}
done

for kustomization in config/*/kustomization.yaml; do
	bin/tools/kustomize build "$(dirname "$kustomization")" >/dev/null
done

make --no-print-directory lint
