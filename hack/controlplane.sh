#!/usr/bin/env bash
# controlplane.sh [--kubectl]: makes sure that etcd and kube-apiserver (and kubectl, unless PATH has one) are on this
# machine and prints the folder they are in, and nothing else, on stdout:
#
#	KUBEBUILDER_ASSETS=$(hack/controlplane.sh) go test ./...
#
# KUBEBUILDER_ASSETS wins when set. Else the binaries live in setup-envtest's store, outside the checkout: downloaded
# by setup-envtest where its index answers, built from Go modules (hack/controlplane) where it does not.
set -euo pipefail

hack=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
version=$(sed -nE 's|^[[:space:]]*k8s.io/kubernetes v([0-9.]+).*|\1|p' "$hack/controlplane/go.mod")
minor=${version%.*}

say() { echo "control plane: $*" >&2; }
die() {
	say "$*"
	exit 1
}

needed=(etcd kube-apiserver)
if [[ ${1:-} == --kubectl ]] && ! command -v kubectl >/dev/null; then
	needed+=(kubectl)
fi

# missing DIR: the needed binaries that DIR does not hold.
missing() {
	local name absent=()
	for name in "${needed[@]}"; do
		[[ -x $1/$name ]] || absent+=("$name")
	done
	echo "${absent[*]-}"
}

if [[ -n ${KUBEBUILDER_ASSETS:-} ]]; then
	lacking=$(missing "$KUBEBUILDER_ASSETS")
	[[ -z $lacking ]] || die "KUBEBUILDER_ASSETS=$KUBEBUILDER_ASSETS lacks $lacking: point it at a folder that holds them, or unset it."
	echo "$KUBEBUILDER_ASSETS"
	exit
fi

command -v go >/dev/null || die "go is not on PATH: install the version that go.mod names, see https://go.dev/doc/install"
# What runs here is built for here, whatever the surroundings cross-compile for and whichever workspace they are in.
os=$(go env GOHOSTOS)
arch=$(go env GOHOSTARCH)
export GOOS=$os GOARCH=$arch GOWORK=off CGO_ENABLED=0
store=${XDG_DATA_HOME:-$HOME/.local/share}/kubebuilder-envtest
target=$store/k8s/$version-$os-$arch

# finish_if_installed: prints the newest complete folder of this Kubernetes minor and ends; returns if there is none.
finish_if_installed() {
	local dir found=
	for dir in "$store/k8s/$minor."*"-$os-$arch"; do
		[[ -n $(missing "$dir") ]] || found=$dir
	done
	[[ -n $found ]] || return 0
	echo "$found"
	exit
}
finish_if_installed

# One at a time: whoever comes second waits and finds the work done. The lock is a link to its owner's process number.
lock=$store/.sts-operator-lock
mkdir -p "$store/k8s"
work=$(mktemp -d "$store/.build-XXXXXX")
trap 'rm -rf "$work"' EXIT
until ln -s $$ "$lock" 2>/dev/null; do
	owner=$(readlink "$lock") || continue
	if ! kill -0 "$owner" 2>/dev/null; then
		rm -f "$lock"
		continue
	fi
	[[ -n ${waiting:-} ]] || say "process $owner is making it; waiting for that"
	waiting=yes
	sleep 1
done
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work" "$lock"' EXIT
trap 'exit 130' INT TERM
finish_if_installed

# progress ...: progress.sh, left at once on a signal; stdout is kept for the result.
progress() {
	"$hack/progress.sh" "$@" >&2 &
	wait $!
}

# download: asks setup-envtest; its index first, so that a network without it costs seconds and not a time-out.
download() {
	local tool=$work/setup-envtest
	say "Kubernetes $minor is not in $store yet; asking setup-envtest for it"
	progress "building setup-envtest" \
		go -C "$hack/tools" build -mod=readonly -o "$tool" sigs.k8s.io/controller-runtime/tools/setup-envtest || return
	progress -t 15 "reading its index" "$tool" --bin-dir "$store" list --os "$os" --arch "$arch" "$minor.x" || return
	progress -t 900 "downloading" "$tool" --bin-dir "$store" use "$minor.x"
}

# build NAME PACKAGE: one command of hack/controlplane, with the version stamp of the release.
build() {
	local stamp=k8s.io/component-base/version
	progress "building $1" go -C "$hack/controlplane" build -mod=readonly -trimpath -buildvcs=false -v -o "$work/$1" \
		-ldflags "-s -w -X $stamp.gitVersion=v$version -X $stamp.gitMajor=${minor%.*} -X $stamp.gitMinor=${minor#*.}" "$2"
	mv -f "$work/$1" "$target/$1"
	say "$1 is ready"
}

if download; then
	finish_if_installed
fi
mkdir -p "$target"
say "setup-envtest has no answer here, so it is built from Go modules: $(missing "$target"), version $version."
say "That takes about 5 minutes on 2 cores, once; the result stays in $target"
for name in $(missing "$target"); do
	case $name in
	etcd) build etcd go.etcd.io/etcd/server/v3 ;;
	*) build "$name" "k8s.io/kubernetes/cmd/$name" ;;
	esac
done
finish_if_installed
