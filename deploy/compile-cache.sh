#!/bin/sh
# Fills the compile cache inside the image's file system, so that a start need not compile: the daemon runs once
# on empty input, in the image and as its user, because Node keeps a cache for each path, version, user and set of
# options.
#   sudo deploy/compile-cache.sh /tmp/rootfs
set -eu
root=$1
cache=$root/opt/auditsink/cache
config=$root/tmp/config.yaml

mkdir "$cache" "$root/tmp"
chown 65532:65532 "$cache" "$root/tmp"
cat >"$config" <<'END'
state_dir: /tmp/state
admin: { listen: 127.0.0.1:0 }
sources: [{ name: empty, type: stdin }]
sinks:
  - { name: nobody, url: 'http://127.0.0.1:9/', preset: flipt, signing_secret: only-while-the-image-is-built }
  - { name: template, url: 'http://127.0.0.1:9/', template: /opt/auditsink/templates/slack.hbs }
END
auditsink() {
  chroot --userspec=65532:65532 "$root" /usr/local/bin/auditsink "$@" </dev/null
}
export NODE_COMPILE_CACHE=/opt/auditsink/cache
auditsink run --no-watch -c /tmp/config.yaml
# Ends with 1 and says so: nobody is there to answer.
auditsink healthcheck -c /tmp/config.yaml 2>/dev/null || [ $? = 1 ]
rm -r "$root/tmp"
chown -R 0:0 "$cache"
chmod -R a+rX "$cache"
