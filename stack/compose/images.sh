#!/bin/bash
# Builds the images that the road starts from and puts them into the registry.
set -euo pipefail
export REGISTRY_AUTH_FILE=/run/registry-auth.json
buildah login --tls-verify=false --username bridge --password-stdin registry:5000 < /run/creativeflow/registryPassword
for image in base/python:3.11 creativeflow/builder:1; do
  file=/stack/images/$(basename "${image%%:*}").Dockerfile
  buildah bud --isolation chroot --layers --tls-verify=false --build-arg REGISTRY=registry:5000 -t "registry:5000/$image" -f "$file" /stack/images
  buildah push --tls-verify=false "registry:5000/$image"
done
