#!/usr/bin/env bash
# image.sh IMAGE PLATFORM...: builds the manager for each platform, here, and puts it into images: with podman or
# buildah one multi-platform image; with docker one image a platform, tagged IMAGE-ARCH, and IMAGE for this machine.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

image=$1
shift
platforms=("$@")

if command -v docker >/dev/null && docker version >/dev/null 2>&1; then
	builder=docker
elif command -v podman >/dev/null; then
	builder=podman
elif command -v buildah >/dev/null; then
	builder=buildah
else
	echo "image: needs docker with a running engine, podman or buildah; none is here." >&2
	exit 1
fi
echo "image: building with $builder" >&2

for platform in "${platforms[@]}"; do
	export GOOS=${platform%/*} GOARCH=${platform#*/}
	CGO_ENABLED=0 hack/progress.sh "building manager for $platform" \
		go build -trimpath -v -ldflags "${LDFLAGS:-}" -o "bin/${GOOS}_$GOARCH/manager" ./cmd
done

if [[ $builder == docker ]]; then
	engine=$(docker version --format '{{.Server.Arch}}')
	for platform in "${platforms[@]}"; do
		arch=${platform#*/}
		tags=(--tag "$image-$arch")
		[[ $arch != "$engine" ]] || tags+=(--tag "$image")
		docker build --platform "$platform" "${tags[@]}" .
	done
	echo "image: to publish one image for all: docker push each of them, then" \
		"docker buildx imagetools create --tag $image ${platforms[*]/#*\//$image-}" >&2
	exit
fi

# Nothing runs inside the build, so the weakest isolation will do, and vfs where the kernel offers no overlay.
"$builder" info >/dev/null 2>&1 || export STORAGE_DRIVER=vfs
"$builder" manifest rm "$image" >/dev/null 2>&1 || true
"$builder" build --isolation chroot --platform "$(IFS=, && echo "${platforms[*]}")" --manifest "$image" .
echo "image: to publish it: $builder manifest push --all $image docker://$image" >&2
