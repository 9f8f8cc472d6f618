# Every RUN line also works by hand in a checkout; docs/deploy.md shows how the result is tried without Docker.
FROM node:26 AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
# Without scripts: the pinned Node of the npm package "node" is not needed here, the image has its own.
RUN npm ci --ignore-scripts
COPY LICENSE config.example.yaml config.schema.json ./
COPY templates templates
COPY scripts scripts
COPY deploy/rootfs.sh deploy/compile-cache.sh deploy/
COPY src src
RUN node scripts/bundle.ts
RUN deploy/rootfs.sh /usr/local/bin/node build/auditsink /rootfs
RUN deploy/compile-cache.sh /rootfs

FROM scratch
COPY --from=build /rootfs /
LABEL org.opencontainers.image.title="auditsink" \
      org.opencontainers.image.description="Tails an audit log and delivers every event to webhooks: durable, filtered, templated, signed." \
      org.opencontainers.image.licenses="Apache-2.0"
# The compile cache was made at build time and is only read. SQLite sorts what is large in a file.
ENV PATH=/usr/local/bin \
    NODE_COMPILE_CACHE=/opt/auditsink/cache \
    SQLITE_TMPDIR=/var/lib/auditsink
USER 65532:65532
WORKDIR /etc/auditsink
VOLUME /var/lib/auditsink
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s CMD ["auditsink", "healthcheck", "-c", "/etc/auditsink/config.yaml"]
ENTRYPOINT ["auditsink"]
CMD ["run", "-c", "/etc/auditsink/config.yaml"]
