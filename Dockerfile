# Both platforms build natively: linux/amd64 is tested, linux/arm64 is written for and not proven.
#
#   docker build -t millrace .
#   docker build -t millrace --build-arg NODE_IMAGE=… --build-arg RUNTIME_IMAGE=… .   # your own base
#
# The digests are of the images for all platforms.
ARG NODE_IMAGE=node:24.21.0-bookworm-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6
ARG RUNTIME_IMAGE=debian:bookworm-20260202-slim@sha256:98f4b71de414932439ac6ac690d7060df1f27161073c5036a7553723881bffbe

# The Kafka binding from source, with the patches; then what the service loads, and nothing else.
FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
COPY scripts/bootstrap.sh scripts/common.sh scripts/versions.json scripts/
COPY patches patches
# What the binding loads: it is tried, also when it comes from the cache of an earlier build.
# hadolint ignore=DL3008,DL3009
RUN apt-get update && apt-get install -y --no-install-recommends binutils libcurl4 liblz4-1 \
    libsasl2-2 libssl3 libstdc++6 libzstd1 zlib1g
# Without what only a debugger reads, a seventh less; stacks that Node prints name what they did.
RUN strip -o /node /usr/local/bin/node
# The two addresses keep the broker and registry of the tests out.
RUN --mount=type=cache,target=/root/.cache/millrace \
  KAFKA_BROKERS=none SCHEMA_REGISTRY_URL=none NPM_CONFIG_OMIT=dev bash scripts/bootstrap.sh --given
COPY scripts/image/collect.ts scripts/image/runtime-packages.ts scripts/image/
COPY LICENSE ./
COPY src src
RUN node scripts/image/collect.ts /out \
  && find /out -type f \( -name '*.node' -o -name '*.so*' \) -exec strip --strip-unneeded '{}' +

FROM ${RUNTIME_IMAGE} AS runtime
# The distribution's own security updates are wanted, so its packages have no versions here.
# hadolint ignore=DL3008,DL3009
RUN apt-get update \
  && apt-get install -y --no-install-recommends \
    ca-certificates libcurl4 liblz4-1 libsasl2-2 libssl3 libstdc++6 libzstd1 tini zlib1g \
  && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/log/apt /var/log/dpkg.log
COPY --from=build /node /usr/local/bin/node

# Compiled once here, so that a start need not. It holds for this Node, this user and this kind of
# processor; elsewhere the service starts as it would without.
FROM runtime AS compiled
COPY --from=build /out /app
COPY scripts/image/warm.ts /warm/warm.ts
COPY models/engagement /warm/model
WORKDIR /app
ENV NODE_COMPILE_CACHE=/compile-cache
RUN mkdir /compile-cache && chown 65532:65532 /compile-cache
USER 65532:65532
RUN node /warm/warm.ts /app/src/main.ts /warm/model

# Of docker-compose.yml alone (`--target replay`): what writes the flights of 2013 to the input topic.
FROM build AS flights
# hadolint ignore=DL3008,DL3009
RUN apt-get update && apt-get install -y --no-install-recommends python3-pip
COPY scripts/flights scripts/flights
RUN node -e 'import("/app/scripts/flights/flights.ts").then(({ readFlights }) => readFlights())'

FROM runtime AS replay
COPY --from=build /out /app
COPY --from=flights /app/.millrace/flights /app/.millrace/flights
COPY scripts/replay.ts scripts/options.ts /app/scripts/
COPY scripts/demo/replay.ts /app/scripts/demo/
COPY scripts/flights /app/scripts/flights
WORKDIR /app
ENV NODE_ENV=production
USER 65532:65532
ENTRYPOINT ["/usr/bin/tini", "--", "/usr/local/bin/node", "/app/scripts/replay.ts"]

FROM runtime
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="millrace" \
  org.opencontainers.image.description="Exactly-once ML inference on Kafka streams" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}"
COPY --from=build /out /app
COPY --from=compiled /compile-cache /app/compile-cache
WORKDIR /app
# glibc's arenas fragment: see src/runtime/malloc-arenas.ts.
ENV NODE_ENV=production \
  MALLOC_ARENA_MAX=1 \
  NODE_COMPILE_CACHE=/app/compile-cache \
  MODEL_DIR=/model
USER 65532:65532
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["/usr/local/bin/node", "-e", "fetch(`http://127.0.0.1:${process.env.HTTP_PORT ?? 8080}/health/live`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# As process 1, Node alone would not hear a signal before it has begun to listen for it.
ENTRYPOINT ["/usr/bin/tini", "--", "/usr/local/bin/node", "/app/src/main.ts"]
