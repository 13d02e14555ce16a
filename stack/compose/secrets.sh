#!/bin/bash
# Generates what is missing among the secrets, one file each, and the certificate. With `logins`: says who can log in.
set -euo pipefail
cd /run/creativeflow
PEOPLE=(admin ada ben mia vera olga)

if [ "${1:-}" = logins ]; then
  for person in "${PEOPLE[@]}"; do printf '%-6s %s\n' "$person" "$(cat "password_$person")"; done
  exit
fi

new_secret() { # written whole or not at all
  [ -s "$1" ] && return
  openssl rand -hex 18 | tr -d '\n' > "$1.new"
  mv "$1.new" "$1"
}
for name in postgresOdooPassword bridgeDbPassword redisPassword minioAccessKey minioSecretKey odooMasterPassword receiptSecret sessionSecret registryHttpSecret registryPassword registryPullPassword "${PEOPLE[@]/#/password_}"; do
  new_secret "$name"
done
printf 'postgres://cf_bridge:%s@postgres:5432/creativeflow' "$(cat bridgeDbPassword)" > outboxUrl
printf 'redis://:%s@redis:6379/0' "$(cat redisPassword)" > redisUrl

# the registry's users: the bridge, and the node, which only pulls; random passwords need no slow hash. The passwords come over standard input.
bcrypt() { { openssl rand -hex 11; cat "$1"; } | perl -e 'chomp(my ($salt, $password) = <STDIN>); print crypt($password, "\$2b\$04\$" . substr($salt, 0, 21) . ".")' | sed 's/^\$2b/$2y/'; }
printf 'bridge:%s\nnode:%s\n' "$(bcrypt registryPassword)" "$(bcrypt registryPullPassword)" > htpasswd
cat > registries.yaml <<YAML
mirrors:
  registry.creativeflow.internal:15000:
    endpoint: [http://registry:5000]
configs:
  registry:5000:
    auth: { username: node, password: "$(cat registryPullPassword)" }
YAML

mkdir -p tls
if ! openssl x509 -in tls/server.crt -noout -checkend 2592000 -ext subjectAltName 2> /dev/null | grep -q endpoints.localhost; then
  openssl req -x509 -newkey rsa:2048 -nodes -days 825 -subj '/CN=CreativeFlow local authority' -addext keyUsage=critical,keyCertSign,cRLSign -keyout tls/ca.key -out tls/ca.crt
  openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout tls/server.key -out tls/server.csr
  printf 'subjectAltName=DNS:localhost,DNS:endpoints.localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n' > tls/server.ext
  openssl x509 -req -in tls/server.csr -CA tls/ca.crt -CAkey tls/ca.key -CAcreateserial -days 825 -extfile tls/server.ext -out tls/server.crt
fi
# each container reads with a user of its own, and the volume is mounted nowhere else
chmod -R a+rX . && chmod 700 tls
