#!/bin/sh
# Puts together the file system of the container image: Node, the shared libraries it names, the bundle, and
# nothing else, in particular no shell and no package manager. Used by the Dockerfile; runs by hand as well:
#   deploy/rootfs.sh "$(npx node -p process.execPath)" build/auditsink /tmp/rootfs && sudo chroot /tmp/rootfs /usr/local/bin/auditsink --version
set -eu
node=$1 bundle=$2 root=$3

mkdir -p "$root/usr/local/bin" "$root/opt" "$root/etc/auditsink" "$root/var/lib/auditsink"
cp -L "$node" "$root/usr/local/bin/node"
ldd "$node" | grep -o '/[^ ]*' | while read -r library; do
  mkdir -p "$root$(dirname "$library")"
  cp -L "$library" "$root$library"
done

cp -R "$bundle" "$root/opt/auditsink"
# The kernel starts it without /usr/bin/env, which is not there, and at once with the option that src/cli/restart.ts would add.
sed -i '1s|.*|#!/usr/local/bin/node --max-semi-space-size=16|' "$root/opt/auditsink/dist/cli.mjs"
chmod 755 "$root/opt/auditsink/dist/cli.mjs"
ln -s /opt/auditsink/dist/cli.mjs "$root/usr/local/bin/auditsink"

echo 'auditsink:x:65532:65532:auditsink:/var/lib/auditsink:/nonexistent' >"$root/etc/passwd"
echo 'auditsink:x:65532:' >"$root/etc/group"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
chown 65532:65532 "$root/var/lib/auditsink"
chmod 700 "$root/var/lib/auditsink"
