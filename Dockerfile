# The static binary and nothing else: no shell, no package, no file to patch. `make image` builds the binaries first.
FROM scratch
ARG TARGETOS
ARG TARGETARCH
LABEL org.opencontainers.image.source="https://github.com/sts-operator/sts-operator" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY bin/${TARGETOS}_${TARGETARCH}/manager /manager
USER 65532:65532
ENTRYPOINT ["/manager"]
